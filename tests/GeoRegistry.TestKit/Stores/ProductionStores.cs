using System.Security.Cryptography;
using System.Text;

namespace GeoRegistry.TestKit.Stores;

/// <summary>
/// With <c>GEOREGISTRY_TEST_STORES=production</c>, servers under test keep their metadata in PostgreSQL: one server for the test
/// process, and a schema for each data folder.
/// </summary>
public static class ProductionStores
{
    private static readonly Lazy<Task<PostgreSqlServer>> Server = new(StartAsync);

    /// <summary>Whether they are used.</summary>
    public static bool AreOn => Environment.GetEnvironmentVariable("GEOREGISTRY_TEST_STORES") == "production";

    /// <summary>What a server of a data folder is to be started with: nothing where they are off.</summary>
    public static async Task<IReadOnlyList<string>> ArgumentsAsync(string dataFolder)
    {
        if (!AreOn) return [];
        var server = await Server.Value;
        var folder = SHA256.HashData(Encoding.UTF8.GetBytes(Path.GetFullPath(dataFolder)));
        return
        [
            "--GeoRegistry:PostgreSql:ConnectionString", server.ConnectionString,
            "--GeoRegistry:PostgreSql:Schema", $"r{Convert.ToHexStringLower(folder)[..24]}",
        ];
    }

    private static async Task<PostgreSqlServer> StartAsync()
    {
        var server = await PostgreSqlServer.StartAsync(inMemory: true, "max_connections=500");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => server.DisposeAsync().AsTask().GetAwaiter().GetResult();
        return server;
    }
}
