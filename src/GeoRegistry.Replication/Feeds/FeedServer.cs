using System.IO.Pipelines;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
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

    /// <summary>How much is written before the reader has to take it.</summary>
    private const long FlushBytes = 1024 * 1024;

    /// <summary>Whether a region has followed this one's feed to where it does not lead any more: data was lost here, and what is committed now would stand against it.</summary>
    public bool HasLostData { get; private set; }

    /// <summary>Judges where a reader wants to begin.</summary>
    /// <returns>Whether it can, and how far the feed reaches.</returns>
    public async Task<(FeedStart Start, long Head)> FindStartAsync(FeedCursor cursor, CancellationToken cancellation)
    {
        var (start, head) = await JudgeAsync(cursor, cancellation).ConfigureAwait(false);
        if (start == FeedStart.OtherFeed) HasLostData = true;
        return (start, head);
    }

    private async Task<(FeedStart Start, long Head)> JudgeAsync(FeedCursor cursor, CancellationToken cancellation)
    {
        var extent = await ledgers.ReadFeedExtentAsync(map.Self, cancellation).ConfigureAwait(false);
        if (cursor.Position > extent.Head) return (FeedStart.OtherFeed, extent.Head);
        if (cursor.Position < extent.Oldest) return (FeedStart.Pruned, extent.Head);
        if (cursor.Checksum.IsEmpty) return (FeedStart.Possible, extent.Head);
        var last = await ledgers.ReadFeedAsync(map.Self, cursor.Position - 1, 1, cancellation).ConfigureAwait(false);
        var isSame = last.Count == 0 || last[0].Position != cursor.Position || last[0].Checksum.IsEmpty || last[0].Checksum.Span.SequenceEqual(cursor.Checksum.Span);
        return (isSame ? FeedStart.Possible : FeedStart.OtherFeed, extent.Head);
    }

    /// <summary>Where the feed ends now: the position and checksum of its last commit.</summary>
    public async Task<FeedCursor> ReadEndAsync(CancellationToken cancellation)
    {
        var extent = await ledgers.ReadFeedExtentAsync(map.Self, cancellation).ConfigureAwait(false);
        if (extent.Head == 0) return FeedCursor.Start;
        var last = await ledgers.ReadFeedAsync(map.Self, extent.Head - 1, 1, cancellation).ConfigureAwait(false);
        return new FeedCursor(last[0].Position, last[0].Checksum);
    }

    /// <summary>Writes the feed from a position on, and its new commits as they are made, until the reader goes.</summary>
    public async Task WriteAsync(RegionId reader, long after, PipeWriter output, CancellationToken cancellation)
    {
        while (true)
        {
            var entries = await ledgers.ReadFeedAsync(map.Self, after, BatchEntries, cancellation).ConfigureAwait(false);
            foreach (var entry in entries)
            {
                FeedCodec.Write(output, entry, withhold: IsWithheld(reader, entry));
                after = entry.Position;
                var isDue = output.UnflushedBytes >= FlushBytes || entry.Position == entries[^1].Position;
                if (isDue && (await output.FlushAsync(cancellation).ConfigureAwait(false)).IsCompleted) return;
            }

            // One that is overtaken by pruning begins anew, and is told then that it needs snapshots.
            if (entries.Count == 0 && after < (await ledgers.ReadFeedExtentAsync(map.Self, cancellation).ConfigureAwait(false)).Oldest) return;
            if (entries.Count < BatchEntries) await ledgers.WaitForFeedAsync(map.Self, after, cancellation).ConfigureAwait(false);
        }
    }

    private bool IsWithheld(RegionId reader, FeedEntry entry)
    {
        if (entry.Encoded.IsEmpty) return true; // A snapshot stands for it.
        var topology = map.Current;
        if (topology.Policies.All(rule => rule.Policy.Allows(reader))) return false; // As nearly everywhere: then nothing is looked into.
        return !topology.PolicyOf(RepositoryName.Parse(CommitCodec.ReadLedger(entry.Encoded).Name)).Allows(reader);
    }
}

/// <summary>Whether a tail can begin where it wants to.</summary>
public enum FeedStart
{
    /// <summary>It can.</summary>
    Possible,

    /// <summary>Commits after its position are gone: it needs snapshots.</summary>
    Pruned,

    /// <summary>What it has followed so far was another feed than this: this region lost data, or was set up anew.</summary>
    OtherFeed,
}
