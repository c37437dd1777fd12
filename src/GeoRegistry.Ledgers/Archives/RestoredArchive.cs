using System.Runtime.CompilerServices;

namespace GeoRegistry.Ledgers.Archives;

/// <summary>What becomes of a backup's records when a region is restored: the end of its feed may be lost.</summary>
/// <remarks>
/// The region's own feed goes on under a new incarnation, with an empty place after the last, as
/// <see cref="Stores.ILedgerStore.BeginIncarnationAsync"/> has it: whoever followed the one before finds out, and tells the home that it
/// lost commits. Cursors of other feeds stay: what they say was applied is in the backup. All ledgers of other regions are compared with
/// theirs, and what they name is looked for in the blob store, before anything of them counts as complete.
/// </remarks>
public static class RestoredArchive
{
    /// <summary>The records as a region that is restored takes them.</summary>
    /// <param name="records">The backup's.</param>
    /// <param name="incarnation">The new incarnation of the region's feed.</param>
    /// <param name="cancellation">Cancels.</param>
    public static async IAsyncEnumerable<ArchiveRecord> Of(IAsyncEnumerable<ArchiveRecord> records, Incarnation incarnation,
        [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        RegionId? self = null;
        await foreach (var record in records.WithCancellation(cancellation).ConfigureAwait(false))
        {
            if (record is ArchiveRecord.OfHeader header) self = header.Region;
            yield return record switch
            {
                ArchiveRecord.OfFeed feed when feed.Region == self => feed with
                {
                    Head = feed.Head + 1,
                    Cursor = feed.Cursor with { Incarnation = incarnation },
                    Snapshot = feed.Head + 1,
                    Pruned = feed.Head + 1,
                },
                ArchiveRecord.OfFeed feed => feed with { TakeOver = Math.Max(feed.TakeOver, 1) },
                _ => record,
            };
        }
    }
}
