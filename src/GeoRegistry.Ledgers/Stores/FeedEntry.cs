using GeoRegistry.Ledgers.Commits;

namespace GeoRegistry.Ledgers.Stores;

/// <summary>One commit in a region's feed.</summary>
/// <param name="Position">Its place, from 1 without a gap.</param>
/// <param name="Encoded">The commit's wire form (<see cref="CommitCodec"/>).</param>
/// <param name="Checksum">The ledger's checksum after it.</param>
public sealed record FeedEntry(long Position, ReadOnlyMemory<byte> Encoded, ReadOnlyMemory<byte> Checksum);
