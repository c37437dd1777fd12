using GeoRegistry.Ledgers.Commits;

namespace GeoRegistry.Ledgers.Stores;

/// <summary>
/// A region's ledgers: the commits, their heads, and the feed. What commits imply is read through
/// <see cref="IRepositoryTables"/>.
/// </summary>
/// <remarks>
/// Safe for any number of callers at once. Reads never wait behind writes and see every append that has returned.
/// Failures of the database are exceptions; then nothing of the call was written, or its outcome is unknown to the caller and the
/// head tells it, as after a lost connection.
/// </remarks>
public interface ILedgerStore
{
    /// <summary>
    /// Appends one commit, all it implies (manifests, tags, references, blob links) and its place in the feed, in one transaction.
    /// </summary>
    /// <param name="expected">The head that the commit was decided on; the commit must be the next after it.</param>
    /// <param name="commit">The commit, made by this region.</param>
    /// <param name="missing">Blobs that it names and the blob store lacks: queued for hydration in the same transaction. Null for
    /// none.</param>
    /// <param name="cancellation">Cancels as long as the transaction has not begun: an <see cref="OperationCanceledException"/> means
    /// that nothing was appended.</param>
    /// <returns>
    /// <see cref="AppendOutcome.Appended"/> once it is on disk; <see cref="AppendOutcome.HeadMoved"/> where the ledger has another head or
    /// has a later epoch, and then nothing has changed.
    /// </returns>
    Task<AppendOutcome> AppendAsync(
        LedgerHead expected, Commit commit, IReadOnlyList<MissingBlob>? missing = null, CancellationToken cancellation = default);

    /// <summary>The head of a ledger; <see cref="LedgerHead.Empty"/> for one without commits.</summary>
    ValueTask<LedgerHead> ReadHeadAsync(LedgerId ledger, CancellationToken cancellation = default);

    /// <summary>Reads commits of one region's feed in its order.</summary>
    /// <param name="after">The position after which to begin. What is before <see cref="FeedExtent.Oldest"/> is skipped.</param>
    /// <param name="limit">The most entries to read, at least 1.</param>
    /// <returns>
    /// The entries that follow; their positions are consecutive. Empty at the end of the feed, and where the feed has another
    /// incarnation than the position.
    /// </returns>
    ValueTask<IReadOnlyList<FeedEntry>> ReadFeedAsync(FeedPosition after, int limit, CancellationToken cancellation = default);

    /// <summary>How far a region's feed reaches here.</summary>
    ValueTask<FeedExtent> ReadFeedExtentAsync(RegionId region, CancellationToken cancellation = default);

    /// <summary>
    /// Returns once the feed of the region that this store belongs to has an entry after a position: at once where it
    /// has.
    /// </summary>
    /// <param name="after">The position, in the feed of a region that appends here.</param>
    /// <remarks>
    /// Any number may wait. A commit is announced after it is on disk; waiting costs it nothing. An incarnation that ends is noticed
    /// with the first commit of the next.
    /// </remarks>
    Task WaitForFeedAsync(FeedPosition after, CancellationToken cancellation = default);

    /// <summary>Finds the commit that carried out a write, as long as it is kept here.</summary>
    /// <returns>What the append was answered with; null where no commit that is kept has this id.</returns>
    ValueTask<AppendOutcome.Appended?> FindWriteAsync(LedgerId ledger, WriteId write, CancellationToken cancellation = default);

    /// <summary>
    /// The commit at a position, or null where it is not kept here, was withheld, or the feed has another incarnation.
    /// </summary>
    ValueTask<FeedEntry?> FindEntryAsync(FeedPosition position, CancellationToken cancellation = default);

    /// <summary>The feed position of a ledger's commit, or null where it is not kept here.</summary>
    ValueTask<FeedPosition?> FindPositionAsync(LedgerId ledger, long number, CancellationToken cancellation = default);

    /// <summary>Ledgers of repositories that have commits, with their heads, in the order of their names.</summary>
    /// <param name="after">The name after which to begin; null for the start.</param>
    /// <param name="limit">The most to read, at least 1.</param>
    ValueTask<IReadOnlyList<(LedgerId Ledger, LedgerHead Head)>> ListHeadsAsync(
        string? after, int limit, CancellationToken cancellation = default);

    /// <summary>
    /// Begins a new incarnation of the feed of the region that this store belongs to, because the one before may have
    /// lost its end. Its numbers go on after those of the one before, with an empty place between.
    /// </summary>
    /// <returns>The new incarnation. Whoever followed an earlier one needs snapshots.</returns>
    Task<Incarnation> BeginIncarnationAsync(CancellationToken cancellation = default);

    /// <summary>Deletes the oldest commits of a region's feed, but never a ledger's last one.</summary>
    /// <param name="region">The region whose commits are pruned.</param>
    /// <param name="keep">How many of the newest positions may stay.</param>
    /// <param name="keepBytes">How many bytes the commits that stay may have together; older ones go though they are among
    /// <paramref name="keep"/>.</param>
    /// <param name="limit">The most to look at in this call, at least 1, so that writes do not wait long.</param>
    /// <param name="cancellation">Cancels waiting before the transaction begins.</param>
    /// <returns>
    /// How many were looked at and deleted, unless they were a ledger's last; such a one goes when its ledger moves on.
    /// Fewer than the limit where no more can be pruned.
    /// </returns>
    Task<int> PruneFeedAsync(RegionId region, long keep, long keepBytes, int limit, CancellationToken cancellation = default);
}
