namespace GeoRegistry.Ledgers.Stores;

/// <summary>A region's replicas of ledgers whose home is elsewhere: what its tails and repairs write.</summary>
/// <remarks>
/// Safe for any number of callers at once, but each source has one tail. What is written is on disk when a call returns.
/// </remarks>
public interface IReplicaStore
{
    /// <summary>How far a region's feed is applied here.</summary>
    ValueTask<FeedCursor> ReadCursorAsync(RegionId source, CancellationToken cancellation = default);

    /// <summary>
    /// Applies entries of a feed that follow the cursor, all they imply, their missing blobs, and the cursor, in one
    /// transaction.
    /// </summary>
    /// <param name="source">The region whose feed it is.</param>
    /// <param name="incarnation">The incarnation of the feed that the entries are of: the cursor's, unless the cursor has none
    /// yet.</param>
    /// <param name="entries">The entries, their positions consecutive; those at or before the cursor are skipped.</param>
    /// <param name="cancellation">Cancels waiting before the transaction begins.</param>
    /// <returns>How far the cursor moved, and the ledger that has to be repaired before it can move on.</returns>
    /// <remarks>
    /// An entry is applied where its commit is the next of its ledger, of no earlier epoch, and gives the checksum that the feed
    /// says. One that its ledger has already (by a snapshot) moves the cursor, and its missing blobs are awaited all the same. One
    /// of an epoch before its ledger's that the ledger does not have is of a history that a failover ended: it only moves the
    /// cursor, as no repair would ever make it follow. Any other, a gap, a history that differs or a commit that cannot be read,
    /// stops before it: what came before is kept. Entries of a ledger that was set aside (<see cref="SetAsideAsync"/>) only move the
    /// cursor.
    /// </remarks>
    /// <exception cref="ArgumentException">The first entry after the cursor is not the next one, or of another incarnation.</exception>
    Task<ApplyOutcome> ApplyAsync(RegionId source, Incarnation incarnation, IReadOnlyList<ReplicaEntry> entries,
        CancellationToken cancellation = default);

    /// <summary>Reads a whole ledger as it is at one moment.</summary>
    /// <param name="ledger">The ledger.</param>
    /// <param name="use">Reads it, before this call returns; entries are in no order and can be read once. Other writes go on
    /// meanwhile, and what they change is not in it.</param>
    /// <param name="cancellation">Cancels it, and is handed to <paramref name="use"/>.</param>
    /// <returns>Whether the ledger has a commit; otherwise nothing was read.</returns>
    Task<bool> ReadSnapshotAsync(
        LedgerId ledger, Func<LedgerSnapshot, CancellationToken, Task> use, CancellationToken cancellation = default);

    /// <summary>
    /// Replaces a ledger by a snapshot, whatever was here unless it is of a later epoch, and queues its missing blobs,
    /// in one transaction.
    /// </summary>
    /// <param name="position">The position of the feed of the region that it comes from, as which the commits awaiting the blobs
    /// count.</param>
    /// <param name="snapshot">The ledger; its entries may be enumerated more than once, and other writes wait meanwhile.</param>
    /// <param name="missing">Blobs of it that the blob store lacks.</param>
    /// <param name="replaced">The head that the ledger must have here, because it is damaged and replaced whatever its epoch; null for
    /// any of no later epoch.</param>
    /// <param name="cancellation">Cancels waiting before the transaction begins.</param>
    /// <returns>
    /// False, and nothing has changed, where the ledger has a later epoch here than in the snapshot, or another head than
    /// <paramref name="replaced"/>.
    /// </returns>
    /// <remarks>
    /// Commits of the ledger that are kept here are dropped: the snapshot replaces them; their positions stay, empty
    /// (<see cref="FeedEntry"/>), and are never given again. Commits that await blobs go on awaiting them. Links of blobs that
    /// commits made, or that the home knew of before the snapshot, are replaced by the snapshot's; those that the home has yet to
    /// hear of stay. A ledger that was set aside is so no longer.
    /// </remarks>
    Task<bool> InstallSnapshotAsync(
        FeedPosition position,
        LedgerSnapshot snapshot,
        IReadOnlyList<MissingBlob> missing,
        LedgerHead? replaced = null,
        CancellationToken cancellation = default);

    /// <summary>Queues blobs that a ledger names and the blob store lacks, as if they had come with a snapshot.</summary>
    Task QueueMissingAsync(FeedPosition position, LedgerId ledger, IReadOnlyList<MissingBlob> missing,
        CancellationToken cancellation = default);

    /// <summary>
    /// Moves the cursor to a position up to which snapshots cover the feed. From there on the feed is complete here, and
    /// nothing is left to take over, unless a newer topology asks for it.
    /// </summary>
    /// <param name="source">The region whose feed it is.</param>
    /// <param name="cursor">The position; one before the cursor's is ignored, unless it is of another incarnation: then the commits
    /// of the feed before are dropped.</param>
    /// <param name="topologyVersion">The version of the topology by which the ledgers were compared.</param>
    /// <param name="cancellation">Cancels before the transaction begins.</param>
    Task SkipToAsync(RegionId source, FeedCursor cursor, long topologyVersion, CancellationToken cancellation = default);

    /// <summary>Removes a ledger that its home has no longer, but for links of blobs that the home has yet to hear of.</summary>
    Task RemoveLedgerAsync(LedgerId ledger, CancellationToken cancellation = default);

    /// <summary>
    /// Sets a ledger aside that cannot be repaired now, so that the rest of its feed goes on. A snapshot that is
    /// installed ends that.
    /// </summary>
    /// <param name="source">The ledger's home.</param>
    /// <param name="ledger">The ledger.</param>
    /// <param name="reason">Why, for people.</param>
    /// <param name="notBefore">When to try again.</param>
    /// <param name="cancellation">Cancels before the transaction begins.</param>
    Task SetAsideAsync(
        RegionId source, LedgerId ledger, string reason, DateTimeOffset notBefore, CancellationToken cancellation = default);

    /// <summary>The ledgers that are set aside, in no order.</summary>
    ValueTask<IReadOnlyList<LedgerSetAside>> ListSetAsideAsync(CancellationToken cancellation = default);
}

/// <summary>A ledger that could not be repaired, and what is known of that.</summary>
/// <param name="Source">Its home.</param>
/// <param name="Ledger">The ledger.</param>
/// <param name="Reason">Why it could not be repaired the last time.</param>
/// <param name="Attempts">How often that was tried; at least 1.</param>
/// <param name="NotBefore">When it is tried again.</param>
public sealed record LedgerSetAside(RegionId Source, LedgerId Ledger, string Reason, int Attempts, DateTimeOffset NotBefore);
