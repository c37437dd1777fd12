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
    private readonly Dictionary<string, SqliteStatement> _prepared = [];

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
    public int Execute(string sql, params ReadOnlySpan<object?> values)
    {
        using var statement = Query(sql, values);
        return statement.Execute();
    }

    /// <summary>Begins a query, which must be disposed before the same one is made again.</summary>
    public SqliteStatement Query(string sql, params ReadOnlySpan<object?> values)
    {
        if (!_prepared.TryGetValue(sql, out var statement))
            _prepared[sql] = statement = new SqliteStatement(_connection.Handle!, sql);
        return statement.With(values);
    }

    /// <summary>The number in the first column of the first row, or null without one.</summary>
    public long? Number(string sql, params ReadOnlySpan<object?> values)
    {
        using var row = Query(sql, values);
        return row.Read() && !row.IsDBNull(0) ? row.GetInt64(0) : null;
    }

    /// <summary>All rows of a query, each made into a value.</summary>
    public List<T> List<T>(Func<SqliteStatement, T> read, string sql, params ReadOnlySpan<object?> values)
    {
        using var reader = Query(sql, values);
        var rows = new List<T>();
        while (reader.Read()) rows.Add(read(reader));
        return rows;
    }

    /// <summary>The keys of all rows of a query that cannot be made into values: one of them keeps the list from being read.</summary>
    public List<TKey> ListUnreadable<TKey, T>(
        Func<SqliteStatement, TKey> readKey, Func<SqliteStatement, T> read, string sql, params ReadOnlySpan<object?> values)
    {
        using var rows = Query(sql, values);
        var keys = new List<TKey>();
        while (rows.Read())
        {
            if (!IsReadable(rows)) keys.Add(readKey(rows));
        }

        return keys;

        bool IsReadable(SqliteStatement row)
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
        foreach (var statement in _prepared.Values) statement.Close();
        _connection.Dispose();
    }
}
