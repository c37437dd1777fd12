using GeoRegistry.Ledgers.Commits;

namespace GeoRegistry.Ledgers.Stores;

/// <summary>
/// One commit in a region's feed, or an empty place: one whose commit was withheld from this region, or dropped when a
/// snapshot replaced its ledger.
/// </summary>
/// <param name="Position">Its place, from 1 without a gap.</param>
/// <param name="Ledger">The ledger of the commit; null where there is none.</param>
/// <param name="Encoded">The commit's wire form (<see cref="CommitCodec"/>); empty where there is none.</param>
/// <param name="Checksum">The ledger's checksum after it; empty where there is none.</param>
public sealed record FeedEntry(long Position, LedgerId? Ledger, ReadOnlyMemory<byte> Encoded, ReadOnlyMemory<byte> Checksum)
{
    /// <summary>An empty place.</summary>
    public static FeedEntry Empty(long position) => new(position, null, default, default);
}
