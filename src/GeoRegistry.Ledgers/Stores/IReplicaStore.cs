namespace GeoRegistry.Ledgers.Stores;

/// <summary>A region's replicas of ledgers whose home is elsewhere: what its tails and repairs write.</summary>
/// <remarks>Safe for any number of callers at once, but each source has one tail. What is written is on disk when a call returns.</remarks>
public interface IReplicaStore
{
    /// <summary>How far a region's feed is applied here.</summary>
    ValueTask<FeedCursor> ReadCursorAsync(RegionId source, CancellationToken cancellation = default);

    /// <summary>Applies entries of a feed that follow the cursor, all they imply, their missing blobs, and the cursor, in one transaction.</summary>
    /// <param name="source">The region whose feed it is.</param>
    /// <param name="entries">The entries, their positions consecutive; those at or before the cursor are passed over.</param>
    /// <param name="cancellation">Gives up waiting before the transaction begins.</param>
    /// <returns>How far the cursor moved, and the ledger that has to be repaired before it can move on.</returns>
    /// <remarks>
    /// An entry is applied where its commit is the next of its ledger, of no earlier epoch, and gives the checksum that the feed says. One that
    /// its ledger has already (by a snapshot) moves the cursor, and its missing blobs are awaited all the same. One of an epoch before its ledger's
    /// that the ledger does not have is of a history that a failover ended: it only moves the cursor, as no repair would ever make it follow. Any
    /// other, a gap or a history that differs, stops before it: what came before stands.
    /// </remarks>
    /// <exception cref="ArgumentException">The first entry after the cursor is not the next one.</exception>
    Task<ApplyOutcome> ApplyAsync(RegionId source, IReadOnlyList<ReplicaEntry> entries, CancellationToken cancellation = default);

    /// <summary>Writes a ledger down whole as it stands at one moment.</summary>
    /// <param name="ledger">The ledger.</param>
    /// <param name="use">Reads it, before this call returns; entries are in no order and can be read once.</param>
    /// <param name="cancellation">Gives up before it begins.</param>
    /// <returns>Whether the ledger has a commit; otherwise nothing was read.</returns>
    Task<bool> ReadSnapshotAsync(LedgerId ledger, Action<LedgerSnapshot> use, CancellationToken cancellation = default);

    /// <summary>Replaces a ledger by a snapshot, whatever stood here unless it is of a later epoch, and queues its missing blobs, in one transaction.</summary>
    /// <param name="source">The region that it comes from.</param>
    /// <param name="position">The position of that region's feed that the commits awaiting the blobs count as.</param>
    /// <param name="snapshot">The ledger; its entries may be enumerated more than once, and other writes wait meanwhile.</param>
    /// <param name="missing">Blobs of it that the blob store lacks.</param>
    /// <param name="cancellation">Gives up waiting before the transaction begins.</param>
    /// <returns>False, and nothing has changed, where the ledger has a later epoch here than in the snapshot.</returns>
    /// <remarks>
    /// Commits of the ledger that are kept here are dropped: the snapshot stands for them; their positions stay, empty (<see cref="FeedEntry"/>), and
    /// are never given again. Links of blobs that only this region knows stay. Commits that await blobs go on awaiting them.
    /// </remarks>
    Task<bool> InstallSnapshotAsync(
        RegionId source, long position, LedgerSnapshot snapshot, IReadOnlyList<MissingBlob> missing, CancellationToken cancellation = default);

    /// <summary>Moves the cursor to a position up to which snapshots stand for the feed; never back. From there on the feed is whole here.</summary>
    Task SkipToAsync(RegionId source, FeedCursor cursor, CancellationToken cancellation = default);
}
