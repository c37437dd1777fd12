using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Regions.Control;
using GeoRegistry.Regions.Topologies;
using GeoRegistry.Replication.Feeds;
using GeoRegistry.Replication.Homes;
using GeoRegistry.Replication.Hydration;
using GeoRegistry.Replication.Tails;
using GeoRegistry.Replication.Tests.Hydration;
using GeoRegistry.Replication.Topologies;
using GeoRegistry.Replication.Visibility;
using GeoRegistry.Repositories;
using GeoRegistry.Repositories.Blobs;
using GeoRegistry.Repositories.Reads;
using GeoRegistry.Repositories.Regions;
using GeoRegistry.Storage.Files;
using GeoRegistry.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace GeoRegistry.Replication.Tests.Homes;

/// <summary>The region "eu", the home of everything, on an empty folder: it takes no writes.</summary>
internal sealed class LostHome : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <param name="sources">The addresses of the other regions.</param>
    public LostHome(params IReadOnlyList<string> sources)
    {
        Region = new HydratingRegion(sources);
        var (map, metadata, clock, none) = (Region.Map, Region.Metadata, TimeProvider.System, new NoOtherRegions());
        Control = new MemoryControl(map.Current);
        Spools = new SpoolFolder(_folder.Child("spool"));
        var reader = new RepositoryReader(metadata, new RepositoryOptions());
        var views = new RepositoryViews(
            reader, new RepositoryBlobs(metadata, Region.Blobs, none, none, none, new RepositoryOptions()));
        Repair = new LedgerRepair(map, Region.Peers, metadata, metadata,
            new WantedBlobs(map, Region.Blobs, Region.Hydrator, Region.Fetches), views, new Spooling(this), clock,
            NullLogger<LedgerRepair>.Instance);
        Gate = new HomeGate(map, Region.Peers, new FeedServer(map, metadata), clock, NullLogger<HomeGate>.Instance);
        Resumption = new HomeResumption(map, Control, metadata, Repair, Gate, new ReadLeases(map, new ReplicationOptions(), clock),
            new AdoptedTopology(map, metadata), NullLogger<HomeResumption>.Instance);
    }

    public HydratingRegion Region { get; }

    public IControlStore Control { get; }

    /// <summary>Where snapshots pass through; a test may put another in its place.</summary>
    public ISpoolFolder Spools { get; set; }

    public LedgerRepair Repair { get; }

    public HomeGate Gate { get; }

    public HomeResumption Resumption { get; }

    /// <summary>How many commits a repository has here.</summary>
    public async Task<long> NumberOfAsync(string repository) =>
        (await Region.Metadata.ReadHeadAsync(LedgerId.Of(RepositoryName.Parse(repository)))).Number;

    public async ValueTask DisposeAsync()
    {
        await Region.DisposeAsync();
        _folder.Dispose();
    }

    private sealed class Spooling(LostHome home) : ISpoolFolder
    {
        public ISpoolFile Create() => home.Spools.Create();
    }

    private sealed class MemoryControl(Topology first) : IControlStore
    {
        private Topology _current = first;

        public Task<Topology> ReadAsync(CancellationToken cancellation = default) => Task.FromResult(_current);

        public Task<bool> TryReplaceAsync(long expectedVersion, Topology next, CancellationToken cancellation = default)
        {
            if (_current.Version != expectedVersion) return Task.FromResult(false);
            _current = next;
            return Task.FromResult(true);
        }

        public IAsyncEnumerable<Topology> WatchAsync(CancellationToken cancellation = default) => throw new NotSupportedException();
    }
}
