namespace GeoRegistry.Replication.Verification;

/// <summary>Something that verification found damaged or missing.</summary>
/// <param name="Region">The region that has it.</param>
/// <param name="Kind"><c>ledger</c>, <c>feed</c>, <c>hydration</c>, <c>record</c> or <c>blob</c>.</param>
/// <param name="Name">The repository, the region of the feed, or the blob's digest.</param>
/// <param name="Fault">What is wrong, for people.</param>
/// <param name="Repaired">Whether it has been repaired.</param>
public sealed record Finding(string Region, string Kind, string Name, string Fault, bool Repaired);
