using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Regions.Control;
using GeoRegistry.Regions.Topologies;
using GeoRegistry.Replication.Blobs;
using GeoRegistry.Replication.Homes;
using GeoRegistry.Replication.Hydration;
using GeoRegistry.Replication.Peers;
using GeoRegistry.Replication.Status;
using GeoRegistry.Replication.Tails;
using GeoRegistry.Replication.Topologies;
using GeoRegistry.Replication.Visibility;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace GeoRegistry.Replication;

/// <summary>
/// Runs what keeps a region together with the others: its tails, its hydration, its announcements, the topology's
/// changes.
/// </summary>
public sealed partial class Replicator(
    RegionMap map,
    IControlStore control,
    AdoptedTopology topologies,
    HomeGate gate,
    DataRecovery recovery,
    HomeVisibility visibility,
    BlobAnnouncer announcer,
    TailStates tails,
    PeerClient peers,
    IReplicaStore replicas,
    IRegionRecord record,
    LedgerRepair repair,
    FeedApplication application,
    BlobFetches fetches,
    Hydrator hydrator,
    TimeProvider clock,
    ILoggerFactory loggers) : BackgroundService
{
    /// <summary>How long until it is tried again to follow the topology, or what else failed here.</summary>
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(2);

    /// <summary>How often it is noted up to where changes are shown: a home that restarts looks at what came after.</summary>
    private static readonly TimeSpan RecordInterval = TimeSpan.FromSeconds(1);

    private readonly ILogger _logger = loggers.CreateLogger<Replicator>();
    private readonly Dictionary<RegionId, Task> _running = [];
    private readonly List<Tail> _tails = [];

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        topologies.Changed += OnTopologyChanged;
        try
        {
            Run(map.Self, hydrator.RunAsync(map.Self, stoppingToken));
            await Task.WhenAll(
                FollowTopologyAsync(stoppingToken),
                RunUntilStoppedAsync(
                    "Asking the other regions how far they follow this one", () => gate.RunAsync(stoppingToken), stoppingToken),
                RunUntilStoppedAsync(
                    "Recovering data that was replaced", () => recovery.RunAsync(stoppingToken), stoppingToken),
                RunUntilStoppedAsync(
                    "Recording what is shown", () => visibility.KeepRecordAsync(RecordInterval, stoppingToken), stoppingToken),
                announcer.RunAsync(stoppingToken)).ConfigureAwait(false);
        }
        catch (Exception) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops, whatever failed just before.
        }

        topologies.Changed -= OnTopologyChanged;
        await Task.WhenAll(_running.Values.Select(task => task.ContinueWith(_ => { }, TaskScheduler.Default))).ConfigureAwait(false);
    }

    private void Run(RegionId region, Task task) => _running[region] = task;

    // What fails here fails by the store, which may work again a moment later.
    private async Task RunUntilStoppedAsync(string what, Func<Task> run, CancellationToken stopping)
    {
        while (true)
        {
            try
            {
                await run().ConfigureAwait(false);
                return;
            }
            catch (Exception failure) when (!stopping.IsCancellationRequested)
            {
                LogFailed(failure, what);
                await Task.Delay(RetryInterval, clock, stopping).ConfigureAwait(false);
            }
        }
    }

    private void OnTopologyChanged()
    {
        LogTopology(map.Current.Version);
        lock (_tails)
        {
            foreach (var tail in _tails) tail.TakeOver();
        }
    }

    private async Task FollowTopologyAsync(CancellationToken stopping)
    {
        FollowRegions(stopping);
        while (true)
        {
            try
            {
                await foreach (var next in control.WatchAsync(stopping).ConfigureAwait(false))
                {
                    if (await topologies.AdoptAsync(next, stopping).ConfigureAwait(false) is { } fault)
                        LogTopologyRefused(next.Version, map.Current.Version, fault);
                    else if (TopologySuccession.FindFaultOfStore(map.Current, next) is { } older)
                        LogStoreIsOlder(map.Current.Version, older);
                    FollowRegions(stopping);
                }
            }
            catch (Exception e) when (!stopping.IsCancellationRequested)
            {
                LogNoTopology(map.Current.Version, e.Message);
            }

            await Task.Delay(RetryInterval, clock, stopping).ConfigureAwait(false);
        }
    }

    private void FollowRegions(CancellationToken stopping)
    {
        foreach (var region in map.Others.Where(region => !_running.ContainsKey(region.Id)).ToList()) Follow(region.Id, stopping);
    }

    private void Follow(RegionId region, CancellationToken stopping)
    {
        var state = tails.Of(region)!;
        ReplicationMetrics.Observe(state);
        var tail = new Tail(state, map, peers, replicas, record, repair, application, fetches, hydrator, clock,
            loggers.CreateLogger<Tail>());
        lock (_tails) _tails.Add(tail);
        Run(region, Task.WhenAll(tail.RunAsync(stopping), hydrator.RunAsync(region, stopping)));
    }

    [LoggerMessage(1, LogLevel.Information, "Adopted version {Version} of the topology.")]
    private partial void LogTopology(long version);

    [LoggerMessage(2, LogLevel.Error, "Version {Version} of the topology is refused, and version {Current} stays in use: {Fault}.")]
    private partial void LogTopologyRefused(long version, long current, string fault);

    [LoggerMessage(3, LogLevel.Warning, "The topology cannot be read or adopted; version {Version} stays in use: {Reason}")]
    private partial void LogNoTopology(long version, string reason);

    [LoggerMessage(5, LogLevel.Error, "Version {Current} of the topology stays in use: {Fault}.")]
    private partial void LogStoreIsOlder(long current, string fault);

    [LoggerMessage(4, LogLevel.Error, "{What} failed and is retried.")]
    private partial void LogFailed(Exception failure, string what);
}
