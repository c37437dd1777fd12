using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Regions.Control;
using GeoRegistry.Replication.Hydration;
using GeoRegistry.Replication.Peers;
using GeoRegistry.Replication.Receipts;
using GeoRegistry.Replication.Status;
using GeoRegistry.Replication.Tails;
using GeoRegistry.Repositories;
using GeoRegistry.Repositories.Blobs;
using GeoRegistry.Repositories.Reads;
using GeoRegistry.Repositories.Regions;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;
using Microsoft.Extensions.Logging.Abstractions;
using static GeoRegistry.Replication.Tests.TestTopology;

namespace GeoRegistry.Replication.Tests.Following;

/// <summary>The objects of one process of a <see cref="FollowingRegion"/>. Those of clients read the stores without faults.</summary>
internal sealed class FollowingProcess : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Task> _running = [];
    private readonly PeerClient _peers;
    private readonly BlobFetches _fetches;
    private readonly Hydrator _hydrator;
    private readonly Tail _tail;

    public FollowingProcess(FollowingRegion region, RegionMap map, StoreFaults faults)
    {
        var (clock, latencies, none) = (region.Clock, new Latencies(), new NoOtherRegions());
        var (ledgers, replicas, tables) = (
            faults.Over<ILedgerStore>(region.Metadata),
            faults.Over<IReplicaStore>(region.Metadata),
            faults.Over<IRepositoryTables>(region.Metadata));
        var (queue, record) = (faults.Over<IHydrationQueue>(region.Metadata), faults.Over<IRegionRecord>(region.Metadata));
        var blobs = new FaultyBlobStore(region.Blobs, faults);
        _peers = new PeerClient(map, new PeerOptions { KeyFile = region.KeyFile }, clock);
        _fetches = new BlobFetches(map, blobs, _peers, queue, latencies, clock, NullLogger<BlobFetches>.Instance);
        _hydrator = new Hydrator(map, queue, _fetches, new ReplicationOptions(), clock, NullLogger<Hydrator>.Instance);
        var wanted = new WantedBlobs(map, blobs, _hydrator, _fetches);
        Reader = new RepositoryReader(region.Metadata, new RepositoryOptions());
        var views = new RepositoryViews(
            Reader, new RepositoryBlobs(region.Metadata, region.Blobs, none, none, none, new RepositoryOptions()));
        Application = new FeedApplication(tables, wanted, views, latencies, clock);
        Repair = new LedgerRepair(map, _peers, ledgers, replicas, wanted, views, region.Spools, clock, NullLogger<LedgerRepair>.Instance);
        var tails = new TailStates(map, clock);
        State = tails.Of(Eu)!;
        Completion = new Completion(
            map,
            tails,
            region.Metadata,
            region.Metadata,
            region.Metadata,
            region.Metadata,
            new WantedBlobs(map, region.Blobs, _hydrator, _fetches),
            new ImageBlobs(region.Metadata),
            Application,
            _fetches,
            _peers,
            clock);
        _tail = new Tail(State, map, _peers, replicas, record, Repair, Application, _fetches, _hydrator, clock, NullLogger<Tail>.Instance);
        faults.Cancelling = _stopping;
    }

    public RepositoryReader Reader { get; }

    public FeedApplication Application { get; }

    public LedgerRepair Repair { get; }

    public TailState State { get; }

    public Completion Completion { get; }

    /// <summary>Ends when the process is told to.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>Follows the home for as long as the process runs.</summary>
    public void Follow() => _running.Add(_tail.RunAsync(_stopping.Token));

    /// <summary>Fetches blobs for as long as the process runs.</summary>
    public void Hydrate() => _running.Add(_hydrator.RunAsync(Eu, _stopping.Token));

    /// <summary>What a client reads here that asks nobody else.</summary>
    public async Task<Digest?> ReadAsync(RepositoryName repository, string tag) =>
        (await Reader.FindManifestAsync(repository, Reference.To(Tag.Parse(tag))))?.Digest;

    /// <summary>What a client is answered by this region alone, as the front door decides it.</summary>
    /// <returns>Whether it is, and with what.</returns>
    public async Task<(bool IsAlone, Digest? Found)> AnswerAsync(RepositoryName repository, string tag)
    {
        var heldLease = State.Visibility.HoldsLease;
        var found = await ReadAsync(repository, tag);
        return (heldLease && State.Visibility.MayShow(repository, tag) && !Application.IsSetAside(Eu, LedgerId.Of(repository)), found);
    }

    /// <summary>Ends the process. What it runs ends with it, and by nothing else.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _fetches.DisposeAsync().AsTask().OrFail("the fetches end");
        foreach (var task in _running)
        {
            try
            {
                await task.OrFail("the end of what runs");
            }
            catch (OperationCanceledException)
            {
                // It was told to.
            }
        }

        _peers.Dispose();
    }
}
