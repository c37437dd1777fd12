namespace GeoRegistry.Storage.Tests.Sqlite;

/// <summary>
/// Lets a write fail at one of the rows that it changes. Triggers in the database count the rows of each transaction, so it is the
/// store as it is that fails.
/// </summary>
internal sealed class RowFaults
{
    private const string TablesOfTheStore =
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'row_faults' ORDER BY name";

    private readonly SqliteStoreFixture _fixture;
    private readonly IReadOnlyList<string> _tables;

    public RowFaults(SqliteStoreFixture fixture)
    {
        _fixture = fixture;
        using var database = new SqliteFile(fixture.DatabasePath);
        _tables = database.Texts(TablesOfTheStore);
        database.Execute(
            "CREATE TABLE row_faults (changed INTEGER NOT NULL, fails INTEGER NOT NULL); INSERT INTO row_faults VALUES (0, 0)");
        foreach (var table in _tables)
        {
            foreach (var change in new[] { "INSERT", "UPDATE", "DELETE" })
                database.Execute(
                    $"""
                    CREATE TRIGGER row_faults_{table}_{change} BEFORE {change} ON {table} BEGIN
                        UPDATE row_faults SET changed = changed + 1;
                        SELECT RAISE(ABORT, 'failed on purpose') FROM row_faults WHERE changed = fails;
                    END
                    """);
        }
    }

    /// <summary>Lets every write fail at one of its rows; what it has counted is rolled back with it.</summary>
    /// <param name="row">Which row, from 1; 0 for none.</param>
    public void FailAt(int row) => _fixture.Execute($"UPDATE row_faults SET changed = 0, fails = {row}");

    /// <summary>All rows of all tables of the store.</summary>
    public IReadOnlyList<string> Rows()
    {
        using var database = new SqliteFile(_fixture.DatabasePath);
        return [.. _tables.SelectMany(table => RowsOf(database, table))];
    }

    private static IEnumerable<string> RowsOf(SqliteFile database, string table)
    {
        var columns = database.Texts($"SELECT name FROM pragma_table_info('{table}') ORDER BY cid").Select(column => $"quote({column})");
        return database.Texts($"SELECT {string.Join(" || ' ' || ", columns)} FROM {table} ORDER BY 1").Select(row => $"{table}: {row}");
    }
}
