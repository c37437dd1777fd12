using Microsoft.Data.Sqlite;

namespace GeoRegistry.Storage.Sqlite;

/// <summary>One connection with its prepared statements; used by one thread at a time.</summary>
internal sealed class SqliteSession : IDisposable
{
    /// <summary>
    /// How many pages of 4 KiB the log gathers before they go into the database: 32 MiB. Digests spread writes over all
    /// pages, so a longer log has more changes for each page that is written there; with 4 MiB, SQLite's own choice,
    /// pushes of small images cost a tenth more.
    /// </summary>
    private const int CheckpointPages = 8000;

    private readonly SqliteConnection _connection;
    private readonly Dictionary<string, SqliteCommand> _prepared = [];

    static SqliteSession() => SQLitePCL.Batteries_V2.Init();

    /// <summary>Opens the database file, which is made where it is missing.</summary>
    /// <param name="path">The file.</param>
    /// <param name="cacheSizeBytes">How much of the database the connection may keep in memory.</param>
    public SqliteSession(string path, int cacheSizeBytes)
    {
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        _connection.Open();
        ExecuteScript($"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = {CheckpointPages};");
        ExecuteScript($"PRAGMA busy_timeout = 10000; PRAGMA cache_size = -{cacheSizeBytes / 1024};");
    }

    /// <summary>Runs statements that take no values and give no rows.</summary>
    public void ExecuteScript(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>Runs a statement with values for <c>$1</c>, <c>$2</c>, … and returns how many rows it changed.</summary>
    public int Execute(string sql, params ReadOnlySpan<object?> values) => Prepare(sql, values).ExecuteNonQuery();

    /// <summary>Runs a query; the reader must be disposed before the statement is used again.</summary>
    public SqliteDataReader Query(string sql, params ReadOnlySpan<object?> values) => Prepare(sql, values).ExecuteReader();

    /// <summary>The number in the first column of the first row, or null without one.</summary>
    public long? Number(string sql, params ReadOnlySpan<object?> values) => Prepare(sql, values).ExecuteScalar() as long?;

    /// <summary>All rows of a query, each made into a value.</summary>
    public List<T> List<T>(Func<SqliteDataReader, T> read, string sql, params ReadOnlySpan<object?> values)
    {
        using var reader = Query(sql, values);
        var rows = new List<T>();
        while (reader.Read()) rows.Add(read(reader));
        return rows;
    }

    /// <summary>The keys of all rows of a query that cannot be made into values: one of them keeps the list from being read.</summary>
    public List<TKey> ListUnreadable<TKey, T>(
        Func<SqliteDataReader, TKey> readKey, Func<SqliteDataReader, T> read, string sql, params ReadOnlySpan<object?> values)
    {
        using var rows = Query(sql, values);
        var keys = new List<TKey>();
        while (rows.Read())
        {
            if (!IsReadable(rows)) keys.Add(readKey(rows));
        }

        return keys;

        bool IsReadable(SqliteDataReader row)
        {
            try
            {
                read(row);
                return true;
            }
            catch (Exception)
            {
                return false; // The row is there, so that whatever is thrown is of what it says.
            }
        }
    }

    public void Dispose()
    {
        foreach (var command in _prepared.Values) command.Dispose();
        _connection.Dispose();
    }

    private SqliteCommand Prepare(string sql, ReadOnlySpan<object?> values)
    {
        if (!_prepared.TryGetValue(sql, out var command))
        {
            command = _connection.CreateCommand();
            command.CommandText = sql;
            for (var i = 1; i <= values.Length; i++) command.Parameters.Add(new SqliteParameter { ParameterName = $"${i}" });
            _prepared[sql] = command;
        }

        for (var i = 0; i < values.Length; i++) command.Parameters[i].Value = values[i] ?? DBNull.Value;
        return command;
    }
}
