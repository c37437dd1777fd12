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
internal sealed class EmbeddedStore : MetadataStoreFixture<SqliteMetadataStore>
{
    private readonly TemporaryFolder _folder;

    public EmbeddedStore()
        : this(new TemporaryFolder())
    {
    }

    private EmbeddedStore(TemporaryFolder folder)
        : base(Open(folder)) => _folder = folder;

    public override Task<IAsyncDisposable> HoldWritesAsync() => throw new NotSupportedException("Archives need no such thing.");

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Dispose();
    }

    protected override Task<SqliteMetadataStore> OpenStoreAsync() => Task.FromResult(Open(_folder));

    private static SqliteMetadataStore Open(TemporaryFolder folder) => new(folder.Child("metadata.db"), SampleLedger.Region);
}
