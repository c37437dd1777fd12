using GeoRegistry.Ledgers.Commits;

namespace GeoRegistry.Ledgers.Stores;

/// <summary>One commit in a region's feed, or an empty place: one whose commit was withheld from this region, or dropped when a snapshot replaced its ledger.</summary>
/// <param name="Position">Its place, from 1 without a gap.</param>
/// <param name="Encoded">The commit's wire form (<see cref="CommitCodec"/>); empty where there is none.</param>
/// <param name="Checksum">The ledger's checksum after it; empty where there is none.</param>
public sealed record FeedEntry(long Position, ReadOnlyMemory<byte> Encoded, ReadOnlyMemory<byte> Checksum);
