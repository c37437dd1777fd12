using System.Security.Cryptography;
using System.Text;
using Azure.Storage.Blobs;
using GeoRegistry.TestKit.Etcd;

namespace GeoRegistry.TestKit.Stores;

/// <summary>
/// With <c>GEOREGISTRY_TEST_STORES=production</c>, servers under test keep their metadata in PostgreSQL, their blobs in Azurite
/// and their topology in etcd: one of each for the test process; a schema and a container for each data folder.
/// </summary>
public sealed class ProductionStores
{
    private static readonly Lazy<Task<ProductionStores>> Started = new(StartAsync);

    private ProductionStores(PostgreSqlServer database, AzuriteProcess blobs, EtcdCluster etcd) =>
        (Database, Blobs, Etcd) = (database, blobs, etcd);

    /// <summary>Whether they are used.</summary>
    public static bool AreOn => Environment.GetEnvironmentVariable("GEOREGISTRY_TEST_STORES") == "production";

    public PostgreSqlServer Database { get; }

    public AzuriteProcess Blobs { get; }

    public EtcdCluster Etcd { get; }

    /// <summary>Those of this test process, which the first that asks starts.</summary>
    public static Task<ProductionStores> GetAsync() => Started.Value;

    /// <summary>The schema and the container of a data folder.</summary>
    public static string NameOf(string dataFolder)
    {
        var folder = SHA256.HashData(Encoding.UTF8.GetBytes(Path.GetFullPath(dataFolder)));
        return $"r{Convert.ToHexStringLower(folder)[..24]}";
    }

    /// <summary>What a server of a data folder is to be started with: nothing where they are off.</summary>
    public static async Task<IReadOnlyList<string>> ArgumentsAsync(string dataFolder)
    {
        if (!AreOn) return [];
        var (stores, name) = (await GetAsync(), NameOf(dataFolder));
        return
        [
            "--GeoRegistry:PostgreSql:ConnectionString", stores.Database.ConnectionString, "--GeoRegistry:PostgreSql:Schema", name,
            "--GeoRegistry:Azure:ConnectionString", stores.Blobs.ConnectionString, "--GeoRegistry:Azure:Container", name,
            "--GeoRegistry:Azure:CreateContainer", "True",
        ];
    }

    /// <summary>The container of a data folder, as it is in Azurite.</summary>
    public BlobContainerClient ContainerOf(string dataFolder) =>
        new(Blobs.ConnectionString, NameOf(dataFolder), new BlobClientOptions(BlobClientOptions.ServiceVersion.V2025_05_05));

    private static async Task<ProductionStores> StartAsync()
    {
        var database = await PostgreSqlServer.StartAsync(inMemory: true, "max_connections=500");
        AtExit(database);
        var blobs = await AzuriteProcess.StartAsync();
        AtExit(blobs);
        var etcd = await EtcdCluster.StartAsync(members: 1);
        AtExit(etcd);
        return new ProductionStores(database, blobs, etcd);
    }

    private static void AtExit(IAsyncDisposable store) =>
        AppDomain.CurrentDomain.ProcessExit += (_, _) => store.DisposeAsync().AsTask().GetAwaiter().GetResult();
}
