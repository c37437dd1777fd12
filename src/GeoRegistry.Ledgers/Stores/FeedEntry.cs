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

    /// <summary>Adds the empty places between entries.</summary>
    /// <param name="kept">The entries that have commits here, in the order of their positions.</param>
    /// <param name="after">The position after which to begin.</param>
    /// <param name="last">The last position.</param>
    /// <returns>An entry for each position.</returns>
    public static IReadOnlyList<FeedEntry> WithEmptyPlaces(IEnumerable<FeedEntry> kept, long after, long last)
    {
        var entries = new List<FeedEntry>((int)Math.Max(last - after, 0));
        foreach (var entry in kept)
        {
            FillUpTo(entry.Position - 1);
            entries.Add(entry);
        }

        FillUpTo(last);
        return entries;

        void FillUpTo(long position)
        {
            for (var next = after + entries.Count + 1; next <= position; next++) entries.Add(Empty(next));
        }
    }
}
