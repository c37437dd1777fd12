using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Storage.PostgreSql.Tests;

[Collection(PostgreSqlTests.Name)]
public sealed class PostgreSqlLedgerStoreTests(SharedServer server) : LedgerStoreContract
{
    protected override Task<MetadataStoreFixture> OpenAsync() => PostgreSqlStoreFixture.OpenAsync(server);
}

[Collection(PostgreSqlTests.Name)]
public sealed class PostgreSqlRepositoryTablesTests(SharedServer server) : RepositoryTablesContract
{
    protected override Task<MetadataStoreFixture> OpenAsync() => PostgreSqlStoreFixture.OpenAsync(server);
}

[Collection(PostgreSqlTests.Name)]
public sealed class PostgreSqlReplicaStoreTests(SharedServer server) : ReplicaStoreContract
{
    protected override Task<MetadataStoreFixture> OpenAsync() => PostgreSqlStoreFixture.OpenAsync(server);
}

[Collection(PostgreSqlTests.Name)]
public sealed class PostgreSqlHydrationQueueTests(SharedServer server) : HydrationQueueContract
{
    protected override Task<MetadataStoreFixture> OpenAsync() => PostgreSqlStoreFixture.OpenAsync(server);
}

[Collection(PostgreSqlTests.Name)]
public sealed class PostgreSqlAnnouncementsTests(SharedServer server) : AnnouncementsContract
{
    protected override Task<MetadataStoreFixture> OpenAsync() => PostgreSqlStoreFixture.OpenAsync(server);
}
