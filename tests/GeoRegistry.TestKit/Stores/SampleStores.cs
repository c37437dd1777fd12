using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Ledgers.Stores;

namespace GeoRegistry.TestKit.Stores;

/// <summary>
/// Short forms of what tests often ask of stores: with the incarnation of <see cref="SampleFeed"/> where they write, of any where
/// they read.
/// </summary>
public static class SampleStores
{
    /// <summary>Reads once from an offset of a blob, which may fill a part of the buffer only.</summary>
    public static async ValueTask<int> ReadAsync(
        this IBlobReader reader, long offset, Memory<byte> buffer, CancellationToken cancellation = default)
    {
        await using var range = await reader.OpenRangeAsync(
            offset, Math.Min(buffer.Length, reader.SizeBytes - offset), cancellation);
        return await range.ReadAsync(buffer, cancellation);
    }

    public static Task<ApplyOutcome> ApplyAsync(this IReplicaStore store, RegionId source, IReadOnlyList<ReplicaEntry> entries) =>
        store.ApplyAsync(source, SampleFeed.Incarnation, entries);

    public static Task<bool> InstallSnapshotAsync(
        this IReplicaStore store, RegionId source, long position, LedgerSnapshot snapshot, IReadOnlyList<MissingBlob> missing) =>
        store.InstallSnapshotAsync(new FeedPosition(source, SampleFeed.Incarnation, position), snapshot, missing);

    /// <summary>A ledger's snapshot as it may be read any number of times; null where the ledger has no commit.</summary>
    public static async Task<LedgerSnapshot?> CopySnapshotAsync(this IReplicaStore store, LedgerId ledger)
    {
        LedgerSnapshot? copy = null;
        await store.ReadSnapshotAsync(
            ledger, async (read, stop) => copy = SnapshotOf(read.Ledger, read.Head, await read.Entries.ToListAsync(stop)));
        return copy;
    }

    /// <summary>A snapshot that has these entries.</summary>
    public static LedgerSnapshot SnapshotOf(LedgerId ledger, LedgerHead head, params IReadOnlyList<SnapshotEntry> entries) =>
        new(ledger, head, entries.ToAsyncEnumerable());

    public static Task<int> PruneFeedAsync(this ILedgerStore store, RegionId region, long keep, int limit) =>
        store.PruneFeedAsync(region, keep, long.MaxValue, limit);

    public static ValueTask<IReadOnlyList<FeedEntry>> ReadFeedAsync(this ILedgerStore store, RegionId region, long after, int limit) =>
        store.ReadFeedAsync(new FeedPosition(region, default, after), limit);

    public static Task WaitForFeedAsync(
        this ILedgerStore store, RegionId region, long after, CancellationToken cancellation = default) =>
        store.WaitForFeedAsync(new FeedPosition(region, default, after), cancellation);

    public static ValueTask<FeedEntry?> FindEntryAsync(this ILedgerStore store, RegionId region, long position) =>
        store.FindEntryAsync(new FeedPosition(region, default, position));

    public static ValueTask<bool> IsCompleteAsync(this IHydrationQueue queue, LedgerId ledger, RegionId source, long position) =>
        queue.IsCompleteAsync(ledger, new FeedPosition(source, default, position));

    /// <summary>The number of a ledger's commit in its region's feed, or null.</summary>
    public static async Task<long?> FindNumberAsync(this ILedgerStore store, LedgerId ledger, long number) =>
        (await store.FindPositionAsync(ledger, number))?.Number;

    /// <summary>How far a feed reaches, without its incarnation.</summary>
    public static async Task<(long Oldest, long Head)> ReadExtentAsync(this ILedgerStore store, RegionId region) =>
        await store.ReadFeedExtentAsync(region) is var extent ? (extent.Oldest, extent.Head) : default;
}
