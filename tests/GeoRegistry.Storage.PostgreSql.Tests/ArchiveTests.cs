using GeoRegistry.Ledgers.Archives;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Storage.Sqlite;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Storage.PostgreSql.Tests;

[Collection(PostgreSqlTests.Name)]
public sealed class PostgreSqlArchiveTests(SharedServer server) : MetadataArchiveContract
{
    protected override Task<MetadataStoreFixture> OpenAsync() => PostgreSqlStoreFixture.OpenAsync(server);
}

/// <summary>From the production store to the embedded one.</summary>
[Collection(PostgreSqlTests.Name)]
public sealed class PostgreSqlToSqliteArchiveTests(SharedServer server) : MetadataArchiveContract
{
    protected override Task<MetadataStoreFixture> OpenAsync() => PostgreSqlStoreFixture.OpenAsync(server);

    protected override Task<MetadataStoreFixture> OpenTargetAsync() => Task.FromResult<MetadataStoreFixture>(new EmbeddedStore());
}

/// <summary>From the embedded store to the production one.</summary>
[Collection(PostgreSqlTests.Name)]
public sealed class SqliteToPostgreSqlArchiveTests(SharedServer server) : MetadataArchiveContract
{
    protected override Task<MetadataStoreFixture> OpenAsync() => Task.FromResult<MetadataStoreFixture>(new EmbeddedStore());

    protected override Task<MetadataStoreFixture> OpenTargetAsync() => PostgreSqlStoreFixture.OpenAsync(server);
}

/// <summary>The embedded store, as far as archives need it.</summary>
internal sealed class EmbeddedStore : MetadataStoreFixture
{
    private readonly TemporaryFolder _folder = new();

    public EmbeddedStore() => Store = Open();

    public SqliteMetadataStore Store { get; private set; }

    public override ILedgerStore Ledgers => Store;

    public override IRepositoryTables Tables => Store;

    public override IReplicaStore Replicas => Store;

    public override IHydrationQueue Hydration => Store;

    public override IAnnouncements Announcements => Store;

    public override IRegionRecord RegionRecords => Store;

    public override IMetadataArchive Archive => Store;

    public override async Task ReopenAsync()
    {
        await Store.DisposeAsync();
        Store = Open();
    }

    public override Task<IAsyncDisposable> HoldWritesAsync() => throw new NotSupportedException("Archives need no such thing.");

    public override async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        _folder.Dispose();
    }

    private SqliteMetadataStore Open() => new(_folder.Child("metadata.db"), SampleLedger.Region);
}
