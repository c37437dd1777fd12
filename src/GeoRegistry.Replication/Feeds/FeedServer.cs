using System.IO.Pipelines;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Ledgers.Transport;
using GeoRegistry.Protocol;
using GeoRegistry.Regions.Control;

namespace GeoRegistry.Replication.Feeds;

/// <summary>Gives this region's feed to those who tail it.</summary>
/// <param name="map">The topology: what a region may not have is withheld from it.</param>
/// <param name="ledgers">The feed.</param>
public sealed class FeedServer(RegionMap map, ILedgerStore ledgers)
{
    /// <summary>How many commits are read at a time: enough to catch up quickly, few enough to hold when manifests are large.</summary>
    private const int BatchEntries = 64;

    /// <summary>How much is buffered for a reader that does not take it.</summary>
    private const long FlushBytes = 1024 * 1024;

    /// <summary>Finds out whether a reader can go on from where it is.</summary>
    /// <returns>Whether it can, and how far the feed reaches.</returns>
    public async Task<(FeedStart Start, FeedExtent Extent)> FindStartAsync(FeedCursor cursor, CancellationToken cancellation)
    {
        var extent = await ledgers.ReadFeedExtentAsync(map.Self, cancellation).ConfigureAwait(false);
        return (await FindStartAsync(cursor, extent, cancellation).ConfigureAwait(false), extent);
    }

    private async Task<FeedStart> FindStartAsync(FeedCursor cursor, FeedExtent extent, CancellationToken cancellation)
    {
        if (cursor.Position == 0) return extent.Oldest == 0 ? FeedStart.Possible : FeedStart.Pruned;

        // A cursor without an incarnation was written by a build that knew none; its checksum tells as much.
        if (!cursor.Incarnation.IsNone && cursor.Incarnation != extent.Incarnation) return FeedStart.Diverged;
        if (cursor.Position > extent.Head) return FeedStart.Diverged;
        if (cursor.Position < extent.Oldest) return FeedStart.Pruned;
        if (cursor.Checksum.IsEmpty) return FeedStart.Possible;
        var last = await ledgers.FindEntryAsync(extent.At(map.Self, cursor.Position), cancellation).ConfigureAwait(false);
        return last is null || last.Checksum.Span.SequenceEqual(cursor.Checksum.Span) ? FeedStart.Possible : FeedStart.Diverged;
    }

    /// <summary>The incarnation of this region's feed.</summary>
    public async ValueTask<Incarnation> ReadIncarnationAsync(CancellationToken cancellation) =>
        (await ledgers.ReadFeedExtentAsync(map.Self, cancellation).ConfigureAwait(false)).Incarnation;

    /// <summary>Where the feed ends now: the position and checksum of its last commit.</summary>
    public async Task<FeedCursor> ReadEndAsync(CancellationToken cancellation)
    {
        var extent = await ledgers.ReadFeedExtentAsync(map.Self, cancellation).ConfigureAwait(false);
        var last = await ledgers.FindEntryAsync(extent.EndOf(map.Self), cancellation).ConfigureAwait(false);
        return new FeedCursor(extent.Incarnation, extent.Head, last?.Checksum ?? default);
    }

    /// <summary>
    /// Writes the feed from a position on, and its new commits as they are made, until the reader goes or the feed does not go on
    /// from there: it was pruned, or begun anew under another incarnation. The reader asks again, and is told which.
    /// </summary>
    public async Task WriteAsync(RegionId reader, FeedPosition after, PipeWriter output, CancellationToken cancellation)
    {
        while (true)
        {
            var entries = await ledgers.ReadFeedAsync(after, BatchEntries, cancellation).ConfigureAwait(false);
            if (await IsCutOffAsync(after, entries, cancellation).ConfigureAwait(false)) return;
            foreach (var entry in entries)
            {
                FeedCodec.Write(output, entry, withhold: IsWithheld(reader, entry));
                after = after with { Number = entry.Position };
                var isDue = output.UnflushedBytes >= FlushBytes || entry.Position == entries[^1].Position;
                if (isDue && (await output.FlushAsync(cancellation).ConfigureAwait(false)).IsCompleted) return;
            }

            if (entries.Count < BatchEntries) await ledgers.WaitForFeedAsync(after, cancellation).ConfigureAwait(false);
        }
    }

    private async ValueTask<bool> IsCutOffAsync(FeedPosition after, IReadOnlyList<FeedEntry> next, CancellationToken cancellation)
    {
        if (next.Count > 0) return next[0].Position != after.Number + 1;
        var extent = await ledgers.ReadFeedExtentAsync(map.Self, cancellation).ConfigureAwait(false);
        return after.Number < extent.Oldest || after.Incarnation != extent.Incarnation;
    }

    private bool IsWithheld(RegionId reader, FeedEntry entry)
    {
        if (entry.Ledger is not { } ledger) return true; // A snapshot covers it.
        var topology = map.Current;
        return topology.Policies.Any(rule => !rule.Policy.Allows(reader))
            && !(RepositoryName.TryParse(ledger.Name, out var repository) && topology.PolicyOf(repository).Allows(reader));
    }
}

/// <summary>Whether a tail can begin where it wants to.</summary>
public enum FeedStart
{
    /// <summary>It can.</summary>
    Possible,

    /// <summary>Commits after its position are gone: it needs snapshots.</summary>
    Pruned,

    /// <summary>
    /// What it has followed so far was another feed than this: this region lost data, was set up again, or continued under
    /// another incarnation.
    /// </summary>
    Diverged,
}
