namespace GeoRegistry.Cli.Replication;

/// <summary>What <c>GET /api/v1/replication</c> answers.</summary>
/// <param name="Region">Who answered.</param>
/// <param name="Topology">The version of its topology.</param>
/// <param name="Regions">The regions that were asked.</param>
internal sealed record ReplicationReport(string Region, long Topology, IReadOnlyList<RegionReport> Regions);

/// <summary>The state of one region.</summary>
/// <param name="Region">The region.</param>
/// <param name="Reachable">Whether it answered; if not, only <paramref name="Error"/> is there.</param>
/// <param name="Error">Why it did not answer.</param>
/// <param name="HomeOf">The prefixes of repositories that it is the home of; <c>""</c> is all that no longer prefix takes.</param>
/// <param name="Feed">The last position of its own feed.</param>
/// <param name="Sources">How far it has followed each other region.</param>
/// <param name="CompleteP50Seconds">From push to complete here, the recent median; null before the first.</param>
/// <param name="CompleteP99Seconds">The same for the slowest in a hundred.</param>
/// <param name="AppliedP50Seconds">From push to applied here, the recent median.</param>
/// <param name="AppliedP99Seconds">The same for the slowest in a hundred.</param>
/// <param name="Closed">Why it refuses writes as a home; null where it does.</param>
/// <param name="Unrepaired">How many findings of verification are not repaired.</param>
internal sealed record RegionReport(
    string Region,
    bool Reachable,
    string? Error,
    IReadOnlyList<string>? HomeOf,
    long Feed,
    IReadOnlyList<SourceReport>? Sources,
    double? CompleteP50Seconds,
    double? CompleteP99Seconds,
    double? AppliedP50Seconds,
    double? AppliedP99Seconds,
    string? Closed = null,
    long Unrepaired = 0);

/// <summary>How far one region has followed another's feed.</summary>
/// <param name="Region">Whose feed.</param>
/// <param name="State"><c>live</c>, <c>connecting</c>, <c>snapshot</c>, <c>unreachable</c> or <c>diverged</c>.</param>
/// <param name="Applied">The last position that was applied.</param>
/// <param name="Head">The feed's last position.</param>
/// <param name="PendingCommits">Commits that were applied and await blobs.</param>
/// <param name="PendingBlobs">The blobs that they await.</param>
/// <param name="PendingBytes">The size of those.</param>
/// <param name="DeadLetters">The blobs that are no longer retried automatically.</param>
/// <param name="LagSeconds">The age of the oldest commit that is not complete.</param>
/// <param name="HeardSeconds">Since the other was last heard from.</param>
/// <param name="SetAside">Its ledgers that cannot be repaired here.</param>
internal sealed record SourceReport(
    string Region,
    string State,
    long Applied,
    long Head,
    long PendingCommits,
    long PendingBlobs,
    long PendingBytes,
    long DeadLetters,
    double LagSeconds,
    double? HeardSeconds,
    int SetAside = 0);
