using GeoRegistry.Ledgers.Archives;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.TestKit.Stores;
using Npgsql;

namespace GeoRegistry.Storage.PostgreSql.Tests;

/// <summary>A PostgreSQL store in a schema of its own.</summary>
internal sealed class PostgreSqlStoreFixture : MetadataStoreFixture
{
    private readonly PostgreSqlOptions _options;

    private PostgreSqlStoreFixture(PostgreSqlOptions options, PostgreSqlMetadataStore store) => (_options, Store) = (options, store);

    public PostgreSqlMetadataStore Store { get; private set; }

    public override ILedgerStore Ledgers => Store;

    public override IRepositoryTables Tables => Store;

    public override IReplicaStore Replicas => Store;

    public override IHydrationQueue Hydration => Store;

    public override IAnnouncements Announcements => Store;

    public override IRegionRecord RegionRecords => Store;

    public override IMetadataArchive Archive => Store;

    public static async Task<MetadataStoreFixture> OpenAsync(SharedServer server)
    {
        var options = server.NewDatabase();
        return new PostgreSqlStoreFixture(options, await OpenAsync(options));
    }

    public override async Task ReopenAsync()
    {
        await Store.DisposeAsync();
        Store = await OpenAsync(_options);
    }

    public override async Task<IAsyncDisposable> HoldWritesAsync()
    {
        var connection = new NpgsqlConnection($"{_options.ConnectionString};Search Path={_options.Schema};Pooling=false");
        await connection.OpenAsync();
        await using var hold = new NpgsqlCommand("BEGIN; LOCK TABLE ledgers, feeds, hydration IN EXCLUSIVE MODE", connection);
        await hold.ExecuteNonQueryAsync();
        return connection;
    }

    public override async ValueTask DisposeAsync() => await Store.DisposeAsync();

    private static Task<PostgreSqlMetadataStore> OpenAsync(PostgreSqlOptions options) =>
        PostgreSqlMetadataStore.OpenAsync(options, SampleLedger.Region);
}
