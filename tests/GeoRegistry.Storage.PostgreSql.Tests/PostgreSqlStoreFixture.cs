using GeoRegistry.TestKit.Stores;
using Npgsql;

namespace GeoRegistry.Storage.PostgreSql.Tests;

/// <summary>A PostgreSQL store in a schema of its own.</summary>
internal sealed class PostgreSqlStoreFixture : MetadataStoreFixture<PostgreSqlMetadataStore>
{
    private readonly PostgreSqlOptions _options;

    private PostgreSqlStoreFixture(PostgreSqlOptions options, PostgreSqlMetadataStore store)
        : base(store) => _options = options;

    public static async Task<MetadataStoreFixture> OpenAsync(SharedServer server)
    {
        var options = server.NewDatabase();
        return new PostgreSqlStoreFixture(options, await OpenAsync(options));
    }

    public override async Task<IAsyncDisposable> HoldWritesAsync()
    {
        var connection = new NpgsqlConnection($"{_options.ConnectionString};Search Path={_options.Schema};Pooling=false");
        await connection.OpenAsync();
        await using var hold = new NpgsqlCommand("BEGIN; LOCK TABLE ledgers, feeds, hydration IN EXCLUSIVE MODE", connection);
        await hold.ExecuteNonQueryAsync();
        return connection;
    }

    protected override Task<PostgreSqlMetadataStore> OpenStoreAsync() => OpenAsync(_options);

    private static Task<PostgreSqlMetadataStore> OpenAsync(PostgreSqlOptions options) =>
        PostgreSqlMetadataStore.OpenAsync(options, SampleLedger.Region);
}
