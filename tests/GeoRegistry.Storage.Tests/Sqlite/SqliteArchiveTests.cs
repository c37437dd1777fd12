using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Storage.Tests.Sqlite;

public sealed class SqliteArchiveTests : MetadataArchiveContract
{
    protected override Task<MetadataStoreFixture> OpenAsync() => Task.FromResult<MetadataStoreFixture>(new SqliteStoreFixture());
}
