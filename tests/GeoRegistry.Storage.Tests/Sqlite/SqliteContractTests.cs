using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Storage.Tests.Sqlite;

public sealed class SqliteLedgerStoreTests : LedgerStoreContract
{
    protected override Task<MetadataStoreFixture> OpenAsync() => Task.FromResult<MetadataStoreFixture>(new SqliteStoreFixture());
}

public sealed class SqliteRepositoryTablesTests : RepositoryTablesContract
{
    protected override Task<MetadataStoreFixture> OpenAsync() => Task.FromResult<MetadataStoreFixture>(new SqliteStoreFixture());
}

public sealed class SqliteReplicaStoreTests : ReplicaStoreContract
{
    protected override Task<MetadataStoreFixture> OpenAsync() => Task.FromResult<MetadataStoreFixture>(new SqliteStoreFixture());
}

public sealed class SqliteHydrationQueueTests : HydrationQueueContract
{
    protected override Task<MetadataStoreFixture> OpenAsync() => Task.FromResult<MetadataStoreFixture>(new SqliteStoreFixture());
}
