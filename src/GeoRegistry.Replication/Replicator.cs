using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Regions.Control;
using GeoRegistry.Replication.Hydration;
using GeoRegistry.Replication.Peers;
using GeoRegistry.Replication.Status;
using GeoRegistry.Replication.Tails;
using GeoRegistry.Repositories;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace GeoRegistry.Replication;

/// <summary>Runs what keeps a region together with the others: its tails, its hydration, the topology's changes, and the pruning of its feed.</summary>
public sealed partial class Replicator(
    RegionMap map,
    IControlStore control,
    Tailing tails,
    PeerClient peers,
    ILedgerStore ledgers,
    IReplicaStore replicas,
    LedgerRepair repair,
    MissingBlobs missing,
    Hydrator hydrator,
    RepositoryViews views,
    Latencies latencies,
    ReplicationOptions options,
    TimeProvider clock,
    ILoggerFactory loggers) : BackgroundService
{
    /// <summary>How often the topology is read.</summary>
    private static readonly TimeSpan TopologyInterval = TimeSpan.FromSeconds(2);

    /// <summary>How often the feed is pruned, and how many commits at a time.</summary>
    private static readonly TimeSpan PruneInterval = TimeSpan.FromSeconds(10);

    private const int PruneEntries = 500;

    private readonly ILogger _logger = loggers.CreateLogger<Replicator>();
    private readonly Dictionary<RegionId, Task> _running = [];
    private readonly List<Tail> _tails = [];

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            Run(map.Self, hydrator.RunAsync(map.Self, stoppingToken));
            await Task.WhenAll(FollowTopologyAsync(stoppingToken), PruneAsync(stoppingToken)).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }

        await Task.WhenAll(_running.Values.Select(task => task.ContinueWith(_ => { }, TaskScheduler.Default))).ConfigureAwait(false);
    }

    private void Run(RegionId region, Task task) => _running[region] = task;

    private async Task FollowTopologyAsync(CancellationToken stopping)
    {
        var refused = 0L;
        using var timer = new PeriodicTimer(TopologyInterval, clock);
        do
        {
            foreach (var region in map.Others.Where(region => !_running.ContainsKey(region.Id)))
            {
                var state = tails.Of(region.Id)!;
                ReplicationMetrics.Observe(state);
                var tail = new Tail(state, peers, replicas, repair, missing, hydrator, views, latencies, clock, loggers.CreateLogger<Tail>());
                _tails.Add(tail);
                Run(region.Id, Task.WhenAll(tail.RunAsync(stopping), hydrator.RunAsync(region.Id, stopping)));
            }

            try
            {
                var next = await control.ReadAsync(stopping).ConfigureAwait(false);
                if (map.TryReplace(next, out var fault))
                {
                    LogTopology(next.Version);
                    foreach (var tail in _tails) tail.TakeOverAgain();
                }
                else if (fault is not null && refused != next.Version) LogTopologyRefused(refused = next.Version, map.Current.Version, fault);
            }
            catch (Exception e) when (!stopping.IsCancellationRequested)
            {
                LogNoTopology(map.Current.Version, e.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(stopping).ConfigureAwait(false));
    }

    private async Task PruneAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(PruneInterval, clock);
        while (await timer.WaitForNextTickAsync(stopping).ConfigureAwait(false))
        {
            try
            {
                // This region's own feed, and what is kept of the others', which a failover may need.
                foreach (var region in map.Current.Regions)
                {
                    while (await ledgers.PruneFeedAsync(region.Id, options.RetainedCommits, PruneEntries, stopping).ConfigureAwait(false) == PruneEntries)
                    {
                        // A transaction at a time, so that pushes get in between.
                    }
                }
            }
            catch (Exception failure) when (!stopping.IsCancellationRequested)
            {
                LogNotPruned(failure);
            }
        }
    }

    [LoggerMessage(1, LogLevel.Information, "Took up version {Version} of the topology.")]
    private partial void LogTopology(long version);

    [LoggerMessage(2, LogLevel.Error, "Version {Version} of the topology is not taken up, version {Current} stays: {Fault}.")]
    private partial void LogTopologyRefused(long version, long current, string fault);

    [LoggerMessage(3, LogLevel.Warning, "The topology cannot be read; version {Version} stays: {Reason}")]
    private partial void LogNoTopology(long version, string reason);

    [LoggerMessage(4, LogLevel.Error, "Old commits could not be pruned; the next round tries again.")]
    private partial void LogNotPruned(Exception failure);
}
