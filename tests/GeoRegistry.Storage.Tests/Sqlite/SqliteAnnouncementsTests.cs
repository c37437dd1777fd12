using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Storage.Tests.Sqlite;

public sealed class SqliteAnnouncementsTests : AnnouncementsContract
{
    protected override Task<MetadataStoreFixture> OpenAsync() => Task.FromResult<MetadataStoreFixture>(new SqliteStoreFixture());
}
