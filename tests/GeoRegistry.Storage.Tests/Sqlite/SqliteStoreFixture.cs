using GeoRegistry.Storage.Sqlite;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Storage.Tests.Sqlite;

/// <summary>A SQLite store in a folder of its own, with a second connection to its file for what a store does not offer.</summary>
internal sealed class SqliteStoreFixture : MetadataStoreFixture<SqliteMetadataStore>
{
    private readonly TemporaryFolder _folder;

    public SqliteStoreFixture(string? sqlBeforeOpening = null)
        : this(new TemporaryFolder(), sqlBeforeOpening)
    {
    }

    private SqliteStoreFixture(TemporaryFolder folder, string? sqlBeforeOpening)
        : base(Open(folder, sqlBeforeOpening)) => _folder = folder;

    public string DatabasePath => PathIn(_folder);

    public override Task<IAsyncDisposable> HoldWritesAsync() => Task.FromResult<IAsyncDisposable>(new Hold(DatabasePath));

    /// <summary>Runs SQL on the store's file beside the store.</summary>
    public void Execute(string sql)
    {
        using var database = new SqliteFile(DatabasePath);
        database.Execute(sql);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Dispose();
    }

    protected override Task<SqliteMetadataStore> OpenStoreAsync() => Task.FromResult(Open(_folder, sqlBeforeOpening: null));

    private static SqliteMetadataStore Open(TemporaryFolder folder, string? sqlBeforeOpening)
    {
        if (sqlBeforeOpening is not null)
        {
            using var database = new SqliteFile(PathIn(folder));
            database.Execute(sqlBeforeOpening);
        }

        return new SqliteMetadataStore(PathIn(folder), SampleLedger.Region);
    }

    private static string PathIn(TemporaryFolder folder) => folder.Child("metadata.db");

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
