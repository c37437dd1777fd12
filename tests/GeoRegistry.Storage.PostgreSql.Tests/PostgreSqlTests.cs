using GeoRegistry.TestKit;

namespace GeoRegistry.Storage.PostgreSql.Tests;

/// <summary>One server for the contracts' tests; each test has a schema of its own.</summary>
public sealed class SharedServer : IAsyncLifetime
{
    private int _schemas;

    public PostgreSqlServer Server { get; private set; } = null!;

    public async Task InitializeAsync() => Server = await PostgreSqlServer.StartAsync(inMemory: true);

    public async Task DisposeAsync() => await Server.DisposeAsync();

    /// <summary>The options of a database that nobody has used.</summary>
    public PostgreSqlOptions NewDatabase() => new()
    {
        ConnectionString = Server.ConnectionString, Schema = $"test_{Interlocked.Increment(ref _schemas)}", MaxConnections = 20,
    };
}

[CollectionDefinition(Name)]
public sealed class PostgreSqlTests : ICollectionFixture<SharedServer>
{
    public const string Name = "PostgreSQL";
}
