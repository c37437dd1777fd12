using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Regions.Control;
using GeoRegistry.Replication;

namespace GeoRegistry.Server;

/// <summary>Prunes old commits, by number and by bytes: of the region's own feed, and of the others' that are kept here.</summary>
/// <param name="self">The region.</param>
/// <param name="map">The regions that it is among; null where it is alone.</param>
/// <param name="ledgers">The commits.</param>
/// <param name="options">How much is kept.</param>
/// <param name="clock">The time.</param>
/// <param name="logger">Where failures are logged.</param>
internal sealed partial class FeedPruner(
    RegionId self, RegionMap? map, ILedgerStore ledgers, ReplicationOptions options, TimeProvider clock, ILogger<FeedPruner> logger)
    : PeriodicService(TimeSpan.FromSeconds(10), clock)
{
    /// <summary>How many commits it deletes in a transaction: pushes get in between.</summary>
    private const int BatchEntries = 500;

    protected override async Task RunAsync(CancellationToken stopping)
    {
        foreach (var region in map?.Current.Regions.Select(region => region.Id) ?? [self])
        {
            int pruned;
            do pruned = await ledgers.PruneFeedAsync(
                region, options.RetainedCommits, options.RetainedCommitsMiB * 1024L * 1024L, BatchEntries, stopping);
            while (pruned == BatchEntries);
        }
    }

    [LoggerMessage(1, LogLevel.Error, "Old commits could not be pruned; the next round tries again.")]
    protected override partial void LogFailed(Exception failure);
}
