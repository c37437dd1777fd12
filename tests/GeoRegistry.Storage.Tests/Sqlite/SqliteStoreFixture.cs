using GeoRegistry.Ledgers.Archives;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Storage.Sqlite;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Storage.Tests.Sqlite;

/// <summary>A SQLite store in a folder of its own, with a second connection to its file for what a store does not offer.</summary>
internal sealed class SqliteStoreFixture : MetadataStoreFixture
{
    private readonly TemporaryFolder _folder = new();

    public SqliteStoreFixture(string? sqlBeforeOpening = null)
    {
        if (sqlBeforeOpening is not null)
        {
            using var database = new SqliteFile(DatabasePath);
            database.Execute(sqlBeforeOpening);
        }

        Store = new SqliteMetadataStore(DatabasePath, SampleLedger.Region);
    }

    public SqliteMetadataStore Store { get; private set; }

    public string DatabasePath => _folder.Child("metadata.db");

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
        Store = new SqliteMetadataStore(DatabasePath, SampleLedger.Region);
    }

    public override Task<IAsyncDisposable> HoldWritesAsync() => Task.FromResult<IAsyncDisposable>(new Hold(DatabasePath));

    /// <summary>Runs SQL on the store's file beside the store.</summary>
    public void Execute(string sql)
    {
        using var database = new SqliteFile(DatabasePath);
        database.Execute(sql);
    }

    public override async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>Has the database's write lock.</summary>
    private sealed class Hold : IAsyncDisposable
    {
        private readonly SqliteFile _database;

        public Hold(string path)
        {
            _database = new SqliteFile(path);
            _database.Execute("BEGIN IMMEDIATE");
        }

        public ValueTask DisposeAsync()
        {
            _database.Execute("ROLLBACK");
            _database.Dispose();
            return default;
        }
    }
}
