using System.Globalization;
using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace GeoRegistry.Storage.Sqlite;

/// <summary>
/// A prepared statement, and the row that it is at; used repeatedly, by one user at a time, who disposes it after each use.
/// </summary>
/// <remarks>
/// It calls SQLite as <see cref="SqliteCommand"/> does, but makes no objects for a use and looks up no parameter by its name: the
/// commands of a push took as long around SQLite as within it.
/// </remarks>
internal sealed class SqliteStatement : IDisposable
{
    /// <summary>Texts up to this many bytes are converted on the stack.</summary>
    private const int MaxStackBytes = 512;

    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;

    // Which value each parameter takes: SQLite numbers parameters in the order in which the statement names them.
    private readonly int[] _values;
    private bool _isInUse;

    /// <summary>Prepares a statement.</summary>
    /// <param name="database">The connection's database.</param>
    /// <param name="sql">One statement, with parameters <c>$1</c>, <c>$2</c>, …</param>
    public SqliteStatement(sqlite3 database, string sql)
    {
        _database = database;
        Check(raw.sqlite3_prepare_v2(database, sql, out _statement));
        _values = new int[raw.sqlite3_bind_parameter_count(_statement)];
        for (var i = 0; i < _values.Length; i++)
        {
            var name = raw.sqlite3_bind_parameter_name(_statement, i + 1).utf8_to_string();
            _values[i] = int.Parse(name[1..], CultureInfo.InvariantCulture) - 1;
        }
    }

    /// <summary>Begins a use.</summary>
    /// <param name="values">The parameters' values: null, a <see cref="long"/>, an <see cref="int"/>, a text or bytes.</param>
    public SqliteStatement With(ReadOnlySpan<object?> values)
    {
        if (_isInUse) throw new InvalidOperationException("The statement is in use: dispose it before it is used again.");
        for (var i = 0; i < _values.Length; i++) Check(Bind(i + 1, values[_values[i]]));
        _isInUse = true;
        return this;
    }

    /// <summary>Runs it to its end.</summary>
    /// <returns>How many rows it changed.</returns>
    public int Execute()
    {
        while (Read())
        {
            // Rows that nobody asked for.
        }

        return raw.sqlite3_changes(_database);
    }

    /// <summary>Goes to the next row, at first to the first.</summary>
    /// <returns>Whether there is one.</returns>
    public bool Read()
    {
        var result = raw.sqlite3_step(_statement);
        if (result == raw.SQLITE_ROW) return true;
        if (result != raw.SQLITE_DONE) Check(result);
        return false;
    }

    /// <summary>Whether a column has no value.</summary>
    public bool IsDBNull(int column) => raw.sqlite3_column_type(_statement, column) == raw.SQLITE_NULL;

    /// <summary>A column's number.</summary>
    /// <exception cref="InvalidCastException">It has none.</exception>
    public long GetInt64(int column)
    {
        Require(column, raw.SQLITE_INTEGER);
        return raw.sqlite3_column_int64(_statement, column);
    }

    /// <summary>A column's text.</summary>
    /// <exception cref="InvalidCastException">It has none.</exception>
    public string GetString(int column)
    {
        Require(column, raw.SQLITE_TEXT);
        return raw.sqlite3_column_text(_statement, column).utf8_to_string();
    }

    /// <summary>A column's bytes.</summary>
    /// <exception cref="InvalidCastException">It has none.</exception>
    public byte[] GetBytes(int column)
    {
        Require(column, raw.SQLITE_BLOB);
        return raw.sqlite3_column_blob(_statement, column).ToArray();
    }

    /// <summary>Ends a use.</summary>
    public void Dispose()
    {
        if (!_isInUse) return;
        _isInUse = false;
        _ = raw.sqlite3_reset(_statement); // It tells once more what the last step told.
        _ = raw.sqlite3_clear_bindings(_statement);
    }

    /// <summary>Frees it.</summary>
    public void Close() => _statement.Dispose();

    private int Bind(int parameter, object? value) => value switch
    {
        null => raw.sqlite3_bind_null(_statement, parameter),
        long number => raw.sqlite3_bind_int64(_statement, parameter, number),
        int number => raw.sqlite3_bind_int64(_statement, parameter, number),
        string text => BindText(parameter, text),
        byte[] bytes => raw.sqlite3_bind_blob(_statement, parameter, bytes),
        _ => throw new ArgumentException($"A {value.GetType().Name} cannot be a parameter's value.", nameof(value)),
    };

    private int BindText(int parameter, string text)
    {
        Span<byte> buffer = stackalloc byte[MaxStackBytes];
        return Encoding.UTF8.TryGetBytes(text, buffer, out var written)
            ? raw.sqlite3_bind_text(_statement, parameter, buffer[..written])
            : raw.sqlite3_bind_text(_statement, parameter, Encoding.UTF8.GetBytes(text));
    }

    private void Require(int column, int type)
    {
        if (raw.sqlite3_column_type(_statement, column) == type) return;
        throw new InvalidCastException(
            $"The column {raw.sqlite3_column_name(_statement, column).utf8_to_string()} has a value of another type, or none.");
    }

    private void Check(int result)
    {
        if (result != raw.SQLITE_OK) SqliteException.ThrowExceptionForRC(result, _database);
    }
}
