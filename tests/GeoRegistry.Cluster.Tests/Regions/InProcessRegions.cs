using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Peers;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Cluster.Tests.Regions;

/// <summary>
/// Two regions in the process of the test: "eu", the home of everything, and "us". What is below "lazy" is copied when it is pulled.
/// </summary>
public sealed class InProcessRegions : IAsyncLifetime
{
    public const string Collection = "two regions in the process of the test";

    private readonly TemporaryFolder _folder = new(inMemory: true);
    private readonly CountedRequests _counted = new();
    private readonly Dictionary<string, InProcessPlan> _plans = [];
    private readonly Dictionary<string, InProcessRegion> _regions = [];
    private readonly Dictionary<string, HttpClient> _clients = [];
    private ClusterFiles _files = null!;

    public InProcessRegions()
    {
        StoreCalls = new StoreFaults
        {
            Counts = () => _counted.IsCounted,
            Polls =
            [
                nameof(IRegionRecord.IsTakeOverPendingAsync), nameof(ILedgerStore.ReadFeedExtentAsync),
                nameof(ILedgerStore.FindEntryAsync), nameof(IHydrationQueue.IsCompleteAsync), "Blob.StatMany",
            ],
        };
        PeerFaults = new PeerFaults(PeerCalls);
    }

    /// <summary>
    /// The calls of both regions' stores, in the course of requests with the header <see cref="CountedRequests.Header"/>.
    /// </summary>
    internal StoreFaults StoreCalls { get; }

    /// <summary>What the regions ask each other.</summary>
    internal StoreFaults PeerCalls { get; } = new();

    internal PeerFaults PeerFaults { get; }

    internal InProcessRegion this[string region] => _regions[region];

    internal RegionClient ClientOf(string region) => new(region, _clients[region]);

    public async Task InitializeAsync()
    {
        _files = new ClusterFiles(new ClusterPlan
        {
            Regions = ["eu", "us"],
            Homes = [new("", "eu")],
            Policies = [new PlannedPolicy("lazy") { Hydration = "lazy" }],
            DataFolder = _folder.Child,
        });
        var ports = new Dictionary<string, int> { ["eu"] = FreePorts.Take(), ["us"] = FreePorts.Take() };
        foreach (var (region, port) in ports)
        {
            var addresses = string.Join(
                ';', ports.Where(other => other.Key != region).Select(other => $"{other.Key}=http://127.0.0.1:{other.Value}"));
            _plans[region] = new InProcessPlan(RegionId.Parse(region), FreePorts.Take(), port)
            {
                DataFolder = _files.DataOf(region),
                TopologyFile = _files.TopologyFile,
                KeyFile = _files.KeyFile,
                Addresses = addresses,
                Counted = _counted,
                Faults = StoreCalls,
                PeerFaults = PeerFaults,
            };
            await StartAsync(region);
        }

        await Waiting.UntilAsync("the home takes writes", async () =>
            (await ClientOf("eu").TryPushAsync("first/push", "1", TestImage.Next(new Random(1), 10), "all")).Status
                == System.Net.HttpStatusCode.Created);
    }

    /// <summary>Ends a region and starts it again on its data.</summary>
    internal async Task RestartAsync(string region)
    {
        _clients[region].Dispose();
        await _regions[region].DisposeAsync();
        await StartAsync(region);
    }

    /// <summary>Whether a region has an image under a tag, applied and with all its blobs, by its stores alone.</summary>
    internal async Task AssertHasAsync(string region, string repository, TestImage image)
    {
        var (stores, name) = (_regions[region], RepositoryName.Parse(repository));
        Assert.NotNull(await stores.Metadata.FindManifestAsync(name, Digest.Parse(image.Digest)));
        foreach (var blob in image.Blobs)
        {
            var digest = Digest.Parse(blob.Digest);
            Assert.Equal(blob.Bytes.Length, await stores.Blobs.FindAsync(digest));
            Assert.Equal(blob.Bytes.Length, await stores.Metadata.FindBlobAsync(name, digest));
        }
    }

    private async Task StartAsync(string region)
    {
        _clients[region] = new HttpClient
        {
            BaseAddress = new Uri($"http://127.0.0.1:{_plans[region].Port}"),
            Timeout = Waiting.DefaultTimeout,
        };
        _regions[region] = await InProcessRegion.StartAsync(_plans[region]);
    }

    public async Task DisposeAsync()
    {
        foreach (var client in _clients.Values) client.Dispose();
        foreach (var region in _regions.Values) await region.DisposeAsync();
        _files.Dispose();
        _folder.Dispose();
    }
}

/// <summary>Tests that share the regions.</summary>
[CollectionDefinition(InProcessRegions.Collection)]
public sealed class InProcessRegionsDefinition : ICollectionFixture<InProcessRegions>;
