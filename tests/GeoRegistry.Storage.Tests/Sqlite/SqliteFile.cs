using Microsoft.Data.Sqlite;

namespace GeoRegistry.Storage.Tests.Sqlite;

/// <summary>A connection to a database file.</summary>
internal sealed class SqliteFile : IDisposable
{
    private readonly SqliteConnection _connection;

    static SqliteFile() => SQLitePCL.Batteries_V2.Init();

    public SqliteFile(string path)
    {
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        _connection.Open();
    }

    public void Execute(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        command.CommandTimeout = 0;
        command.ExecuteNonQuery();
    }

    /// <summary>The first column of all rows as text.</summary>
    public IReadOnlyList<string> Texts(string sql, string column = "")
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var texts = new List<string>();
        while (reader.Read()) texts.Add(reader.GetString(column.Length == 0 ? 0 : reader.GetOrdinal(column)));
        return texts;
    }

    public void Dispose() => _connection.Dispose();
}
