namespace GeoRegistry.Ledgers;

/// <summary>The right to append to ledgers: which region has it, and in which term.</summary>
/// <param name="Region">The region.</param>
/// <param name="Epoch">The term, at least 1.</param>
public sealed record Home(RegionId Region, long Epoch);
