namespace GeoRegistry.Cluster.Tests.Regions;

/// <summary>The answer of <c>GET</c> and <c>POST /api/v1/replication/verify</c>.</summary>
internal sealed record VerificationAnswer(IReadOnlyList<RegionVerification> Regions);

/// <summary>The state of one region's verification.</summary>
internal sealed record RegionVerification(
    string Region,
    long Pass,
    long Requested,
    long Completed,
    long Ledgers,
    long Compared,
    long Blobs,
    IReadOnlyList<VerificationFinding> Findings,
    string? Error = null);

/// <summary>What it found: a ledger, a feed or a blob.</summary>
internal sealed record VerificationFinding(string Region, string Kind, string Name, string Fault, bool Repaired);
