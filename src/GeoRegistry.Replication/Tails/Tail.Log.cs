using GeoRegistry.Ledgers;
using Microsoft.Extensions.Logging;

namespace GeoRegistry.Replication.Tails;

internal sealed partial class Tail
{
    [LoggerMessage(1, LogLevel.Information, "Follows the feed of {Source} from {Position}.")]
    private partial void LogFollowing(RegionId source, FeedPosition position);

    [LoggerMessage(2, LogLevel.Information, "The connection to the feed of {Source} ended; reconnecting: {Reason}")]
    private partial void LogBroken(RegionId source, string reason);

    [LoggerMessage(3, LogLevel.Error, "The feed of {Source} could not be applied; the next attempt is in {Seconds} s.")]
    private partial void LogFailed(Exception failure, RegionId source, double seconds);

    [LoggerMessage(
        4,
        LogLevel.Error,
        "Region {Source} has another feed than the one followed to {Position}: it lost data or was set up again. "
            + "Nothing of it is applied here until {Source} is restored or resumed.")]
    private partial void LogDiverged(RegionId source, FeedPosition position);

    [LoggerMessage(
        5,
        LogLevel.Information,
        "Fetches the ledgers of {Source} as snapshots: its feed after {Position} was pruned, or is too long to follow.")]
    private partial void LogTakingOver(RegionId source, FeedPosition position);

    [LoggerMessage(6, LogLevel.Information, "Fetched {Count} ledgers of {Source} as snapshots; its feed is followed from {Position}.")]
    private partial void LogTakenOver(RegionId source, int count, FeedPosition position);

    [LoggerMessage(
        7,
        LogLevel.Warning,
        "The {Ledger} here does not continue with the feed of {Source} at {Position}: it is repaired from a snapshot.")]
    private partial void LogRepairing(LedgerId ledger, RegionId source, FeedPosition position);

    [LoggerMessage(8, LogLevel.Debug, "Region {Source} did not answer: {Reason}")]
    private partial void LogNotHeard(RegionId source, string reason);
}
