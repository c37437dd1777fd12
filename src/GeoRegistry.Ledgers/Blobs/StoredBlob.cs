using GeoRegistry.Protocol;

namespace GeoRegistry.Ledgers.Blobs;

/// <summary>A blob in a list of all.</summary>
/// <param name="Digest">The blob.</param>
/// <param name="SizeBytes">Its size in bytes.</param>
/// <param name="TouchedAt">When it was stored or last touched, by the store's clock.</param>
public readonly record struct StoredBlob(Digest Digest, long SizeBytes, DateTimeOffset TouchedAt);
