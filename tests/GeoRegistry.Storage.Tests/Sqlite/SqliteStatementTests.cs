using GeoRegistry.Storage.Sqlite;
using GeoRegistry.TestKit;
using Microsoft.Data.Sqlite;

namespace GeoRegistry.Storage.Tests.Sqlite;

public sealed class SqliteStatementTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly SqliteSession _session;

    public SqliteStatementTests()
    {
        _session = new SqliteSession(_folder.Child("metadata.db"), 1024 * 1024);
        _session.ExecuteScript("CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT UNIQUE, content BLOB) STRICT");
    }

    [Fact]
    public void Query_ParametersInAnyOrder_TakesEachItsValue()
    {
        _session.Execute("INSERT INTO things (content, name, id) VALUES ($3, $2, $1)", 7L, "sept", new byte[] { 1, 2 });

        using var row = _session.Query("SELECT id, name, content FROM things WHERE name = $2 AND id = $1", 7, "sept");

        Assert.True(row.Read());
        Assert.Equal((7, "sept"), (row.GetInt64(0), row.GetString(1)));
        Assert.Equal([1, 2], row.GetBytes(2));
        Assert.False(row.Read());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(600)]
    public void Execute_TextsAndBytesOfAnyLength_KeepsThem(int length)
    {
        var (name, content) = (new string('é', length), Enumerable.Repeat((byte)7, length).ToArray());
        Assert.Equal(1, _session.Execute("INSERT INTO things (id, name, content) VALUES (1, $1, $2)", name, content));

        using var row = _session.Query("SELECT name, content FROM things");

        Assert.True(row.Read());
        Assert.Equal(name, row.GetString(0));
        Assert.Equal(content, row.GetBytes(1));
    }

    [Fact]
    public void Execute_AfterAnotherUse_KeepsNothingOfIt()
    {
        const string Insert = "INSERT INTO things (name, content) VALUES ($1, $2)";
        _session.Execute(Insert, "first", new byte[] { 1 });
        _session.Execute(Insert, "second", null);

        using var row = _session.Query("SELECT content FROM things WHERE name = $1", "second");

        Assert.True(row.Read());
        Assert.True(row.IsDBNull(0));
    }

    [Fact]
    public void Execute_RowsAreChanged_CountsThem()
    {
        for (var i = 0; i < 3; i++) Assert.Equal(1, _session.Execute("INSERT INTO things (name) VALUES ($1)", $"{i}"));

        Assert.Equal(2, _session.Execute("UPDATE things SET content = x'' WHERE id > $1", 1L));
        Assert.Equal(0, _session.Execute("DELETE FROM things WHERE id = $1", 99L));
        Assert.Equal(3, _session.Number("SELECT count(*) FROM things"));
        Assert.Null(_session.Number("SELECT id FROM things WHERE id = 99"));
        Assert.Null(_session.Number("SELECT max(id) FROM things WHERE id = 99"));
    }

    /// <summary>What a damaged page gives for a column is no value of it.</summary>
    [Fact]
    public void Get_ValueOfAnotherType_IsRefused()
    {
        using var row = _session.Query("SELECT NULL, 1, 'text', x'01'");
        Assert.True(row.Read());

        foreach (var column in new[] { 0, 2, 3 }) Assert.Throws<InvalidCastException>(() => row.GetInt64(column));
        foreach (var column in new[] { 0, 1, 3 }) Assert.Throws<InvalidCastException>(() => row.GetString(column));
        foreach (var column in new[] { 0, 1, 2 }) Assert.Throws<InvalidCastException>(() => row.GetBytes(column));
    }

    [Fact]
    public void Query_StillInUse_IsRefused()
    {
        using var row = _session.Query("SELECT id FROM things");

        Assert.Throws<InvalidOperationException>(() => _session.Query("SELECT id FROM things"));
    }

    [Fact]
    public void Query_ValueThatCannotBeOne_IsRefusedAndCanBeMadeAgain()
    {
        const string ById = "SELECT id FROM things WHERE id = $1";

        Assert.Throws<ArgumentException>(() => _session.Query(ById, 1.5));

        Assert.Null(_session.Number(ById, 1L));
    }

    [Fact]
    public void Execute_ConstraintBroken_FailsAndCanBeUsedAgain()
    {
        _session.Execute("INSERT INTO things (name) VALUES ($1)", "taken");

        var fault = Assert.Throws<SqliteException>(() => _session.Execute("INSERT INTO things (name) VALUES ($1)", "taken"));

        Assert.Equal(19, fault.SqliteErrorCode); // SQLITE_CONSTRAINT
        Assert.Equal(1, _session.Execute("INSERT INTO things (name) VALUES ($1)", "free"));
    }

    public void Dispose()
    {
        _session.Dispose();
        _folder.Dispose();
    }
}
