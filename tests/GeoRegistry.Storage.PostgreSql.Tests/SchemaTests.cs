using GeoRegistry.TestKit.Stores;
using Npgsql;

namespace GeoRegistry.Storage.PostgreSql.Tests;

[Collection(PostgreSqlTests.Name)]
public sealed class SchemaTests(SharedServer server)
{
    [Fact]
    public async Task OpenAsync_SeveralServersAtOnce_MakeTheTablesOnceAndShareTheFeed()
    {
        var options = server.NewDatabase();

        var stores = await Task.WhenAll(
            Enumerable.Range(0, 5).Select(_ => PostgreSqlMetadataStore.OpenAsync(options, SampleLedger.Region)));

        var extents = await Task.WhenAll(stores.Select(store => store.ReadFeedExtentAsync(SampleLedger.Region).AsTask()));
        Assert.False(Assert.Single(extents.Distinct()).Incarnation.IsNone);
        foreach (var store in stores) await store.DisposeAsync();
    }

    [Fact]
    public async Task OpenAsync_DatabaseOfANewerBuild_IsRefusedAndSaysSo()
    {
        var options = server.NewDatabase();
        await (await PostgreSqlMetadataStore.OpenAsync(options, SampleLedger.Region)).DisposeAsync();
        await using (var connection = new NpgsqlConnection($"{options.ConnectionString};Search Path={options.Schema};Pooling=false"))
        {
            await connection.OpenAsync();
            await using var raise = new NpgsqlCommand("UPDATE schema_version SET version = version + 1", connection);
            await raise.ExecuteNonQueryAsync();
        }

        var refusal = await Assert.ThrowsAsync<InvalidDataException>(
            () => PostgreSqlMetadataStore.OpenAsync(options, SampleLedger.Region));

        Assert.Contains("Start a newer build", refusal.Message, StringComparison.Ordinal);
    }
}
