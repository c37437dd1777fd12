namespace GeoRegistry.Cluster.Tests.Regions;

/// <summary>The answer of <c>GET /api/v1/replication</c>.</summary>
internal sealed record ReplicationStatus(string Region, int Topology, IReadOnlyList<RegionReplication> Regions);

/// <summary>One region in it. What a region that was not reached would say is null.</summary>
internal sealed record RegionReplication(string Region, bool Reachable)
{
    public string? Error { get; init; }

    public string? Closed { get; init; }

    public IReadOnlyList<string> HomeOf { get; init; } = [];

    public long Feed { get; init; }

    public IReadOnlyList<SourceReplication> Sources { get; init; } = [];

    public double? CompleteP50Seconds { get; init; }

    public double? CompleteP99Seconds { get; init; }

    public double? AppliedP50Seconds { get; init; }

    public double? AppliedP99Seconds { get; init; }

    public SourceReplication From(string region) => Sources.Single(source => source.Region == region);
}

/// <summary>How far a region has followed another.</summary>
internal sealed record SourceReplication(
    string Region,
    string State,
    long Applied,
    long Head,
    long PendingCommits,
    long PendingBlobs,
    long PendingBytes,
    long DeadLetters,
    double LagSeconds,
    double HeardSeconds,
    int SetAside)
{
    public bool IsComplete => State == "live" && Applied == Head
        && this is { PendingCommits: 0, PendingBlobs: 0, DeadLetters: 0, SetAside: 0 };
}

/// <summary>The answer of <c>GET /api/v1/replication/pending</c> and <c>…/dead-letters</c>.</summary>
internal sealed record PendingBlobs(IReadOnlyList<PendingBlob> Blobs, IReadOnlyList<string> Unreachable);

/// <summary>A blob that a region has to fetch; without a next attempt it is a dead letter.</summary>
internal sealed record PendingBlob(
    string Region,
    string Digest,
    long SizeBytes,
    string From,
    string Repository,
    int Attempts,
    double AgeSeconds,
    double? RetryInSeconds,
    string? Error);

/// <summary>The answer of <c>POST /api/v1/replication/retry</c>.</summary>
internal sealed record RetryAnswer(int Retried, IReadOnlyList<string> Unreachable);

/// <summary>The answer of <c>GET /api/v1/receipts/{id}</c>.</summary>
internal sealed record ReceiptAnswer(string Receipt, IReadOnlyList<ReceiptState> Regions)
{
    public string In(string region) => Regions.Single(state => state.Region == region).State;
}

/// <summary>How far a commit is in a region: complete, pending, unreachable, excluded or orphaned.</summary>
internal sealed record ReceiptState(string Region, string State);

/// <summary>The answer of <c>GET /api/v1/repositories/{name}/where</c>.</summary>
internal sealed record WhereAnswer(string Repository, string Reference, string Home, IReadOnlyList<WhereState> Regions)
{
    public WhereState In(string region) => Regions.Single(state => state.Region == region);
}

/// <summary>What a region has of an image: complete, partial, unknown, excluded or unreachable.</summary>
internal sealed record WhereState(string Region, string State)
{
    public string? Digest { get; init; }

    public int Blobs { get; init; }

    public int BlobsHere { get; init; }

    public long Bytes { get; init; }

    public long BytesHere { get; init; }
}

/// <summary>The answer of <c>POST /api/v1/regions/{region}/resume</c>.</summary>
internal sealed record ResumptionAnswer(
    string Region,
    string Reason,
    string Incarnation,
    int Topology,
    int RecoveredLedgers,
    IReadOnlyList<string> Reached,
    IReadOnlyList<string> Unreachable,
    IReadOnlyList<LedgerNotRecovered> NotRecovered);

/// <summary>A repository that a region has further and did not give back.</summary>
internal sealed record LedgerNotRecovered(string Repository, string Region, string Reason);
