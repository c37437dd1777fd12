using GeoRegistry.Protocol;

namespace GeoRegistry.Ledgers.Stores;

/// <summary>A blob that a commit names and that this region's blob store lacks.</summary>
/// <param name="Digest">The blob.</param>
/// <param name="SizeBytes">Its size, as the manifest gives it.</param>
/// <param name="From">The region to ask for it first.</param>
public sealed record MissingBlob(Digest Digest, long SizeBytes, RegionId From);
