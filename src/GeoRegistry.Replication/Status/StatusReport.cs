using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Regions.Control;
using GeoRegistry.Replication.Homes;
using GeoRegistry.Replication.Tails;
using GeoRegistry.Replication.Verification;

namespace GeoRegistry.Replication.Status;

/// <summary>The state of replication in this region.</summary>
public sealed class StatusReport(RegionMap map, TailStates tails, HomeGate gate, ILedgerStore ledgers, IHydrationQueue queue,
    Latencies latencies, VerificationProgress verification, TimeProvider clock)
{
    /// <summary>Reads the state of this region.</summary>
    public async Task<RegionStatus> ReadAsync(CancellationToken cancellation)
    {
        var now = clock.GetUtcNow();
        var pending = (await queue.SummarizeAsync(cancellation).ConfigureAwait(false)).ToDictionary(summary => summary.Source);
        var verified = verification.Read();
        var extent = await ledgers.ReadFeedExtentAsync(map.Self, cancellation).ConfigureAwait(false);
        return new RegionStatus(
            map.Self.ToString(),
            Reachable: true,
            Error: null,
            gate.Reason,
            [.. map.Current.Homes.Where(rule => rule.Home.Region == map.Self).Select(rule => rule.Prefix)],
            extent.Incarnation.ToString(),
            extent.Head,
            [
                .. map.Current.Regions
                    .Select(region => Describe(region.Id, extent, pending.GetValueOrDefault(region.Id), now))
                    .OfType<SourceStatus>(),
            ],
            latencies.Completed.Percentile(0.5),
            latencies.Completed.Percentile(0.99),
            latencies.Applied.Percentile(0.5),
            latencies.Applied.Percentile(0.99),
            verified.Found - verified.Repaired);
    }

    // This region is among its own sources only while blobs that were pushed elsewhere are on their way here.
    private SourceStatus? Describe(RegionId source, FeedExtent own, PendingSummary? pending, DateTimeOffset now)
    {
        var tail = tails.Of(source);
        if (tail is null && pending is null) return null;
        var oldest = pending is null ? TimeSpan.Zero : now - pending.Oldest;
        var behind = tail?.Behind ?? TimeSpan.Zero;
        var followed = tail?.Position ?? own.EndOf(source);
        return new SourceStatus(
            source.ToString(),
            tail is null ? "live" : tail.Activity.ToString().ToLowerInvariant(),
            followed.Incarnation.IsNone ? null : followed.Incarnation.ToString(),
            followed.Number,
            tail?.Head ?? own.Head,
            pending?.Commits ?? 0,
            pending?.Blobs ?? 0,
            pending?.Bytes ?? 0,
            pending?.DeadLetters ?? 0,
            Math.Max(0, Math.Max(oldest.TotalSeconds, behind.TotalSeconds)),
            tail is null ? 0 : tail.SinceHeard?.TotalSeconds,
            tail?.SetAside ?? 0);
    }
}

/// <summary>The state of replication in a region.</summary>
/// <param name="Region">The region.</param>
/// <param name="Reachable">Whether it could be asked; where not, nothing else is known but the error.</param>
/// <param name="Error">Why it could not be asked, or null.</param>
/// <param name="Closed">Why it refuses writes as a home; null where it does.</param>
/// <param name="HomeOf">The prefixes of which it is the home.</param>
/// <param name="Incarnation">The incarnation of its own feed.</param>
/// <param name="Feed">The last position of its own feed, in that incarnation.</param>
/// <param name="Sources">How it follows each other region.</param>
/// <param name="CompleteP50Seconds">From a push until it was complete there, in seconds: the median of the last 1,024; null before the
/// first.</param>
/// <param name="CompleteP99Seconds">The same, what 99 of 100 did not exceed.</param>
/// <param name="AppliedP50Seconds">From a push until its metadata was applied there, in seconds: the median.</param>
/// <param name="AppliedP99Seconds">The same, what 99 of 100 did not exceed.</param>
/// <param name="Unrepaired">How many findings of verification are not repaired; null where it could not be asked.</param>
public sealed record RegionStatus(
    string Region,
    bool Reachable,
    string? Error = null,
    string? Closed = null,
    IReadOnlyList<string>? HomeOf = null,
    string? Incarnation = null,
    long? Feed = null,
    IReadOnlyList<SourceStatus>? Sources = null,
    double? CompleteP50Seconds = null,
    double? CompleteP99Seconds = null,
    double? AppliedP50Seconds = null,
    double? AppliedP99Seconds = null,
    long? Unrepaired = null);

/// <summary>How a region follows another.</summary>
/// <param name="Region">The other region.</param>
/// <param name="State"><c>live</c>, <c>connecting</c>, <c>snapshot</c>, <c>unreachable</c> or <c>diverged</c>.</param>
/// <param name="Incarnation">The incarnation of its feed that is followed; null before its first entry.</param>
/// <param name="Applied">The last position of its feed that is applied, in that incarnation.</param>
/// <param name="Head">Its feed's last position, by what was heard last.</param>
/// <param name="PendingCommits">Commits that are applied and await blobs.</param>
/// <param name="PendingBlobs">The blobs that they await.</param>
/// <param name="PendingBytes">Their bytes.</param>
/// <param name="DeadLetters">How many of the blobs are no longer retried.</param>
/// <param name="LagSeconds">The age of its oldest commit that is not complete here, in seconds; 0 where all are.</param>
/// <param name="HeardSeconds">How long ago it was last heard, in seconds; null before the first time.</param>
/// <param name="SetAside">How many of its ledgers are set aside because they cannot be repaired.</param>
public sealed record SourceStatus(
    string Region,
    string State,
    string? Incarnation,
    long Applied,
    long Head,
    long PendingCommits,
    long PendingBlobs,
    long PendingBytes,
    long DeadLetters,
    double LagSeconds,
    double? HeardSeconds,
    int SetAside);
