using GeoRegistry.Protocol;

namespace GeoRegistry.Ledgers.Stores;

/// <summary>
/// The blobs that commits await in this region. What is queued survives a restart; a blob is queued once, however many
/// commits await it.
/// </summary>
/// <remarks>
/// Blobs are queued by <see cref="ILedgerStore.AppendAsync"/> and <see cref="IReplicaStore"/>, with the commits that name
/// them.
/// </remarks>
public interface IHydrationQueue
{
    /// <summary>
    /// Blobs to fetch now: those that never failed, the newest first; then those that were deferred until now, the longest
    /// due first.
    /// </summary>
    /// <remarks>Both kinds are read, so that neither keeps the other from being fetched. Dead letters are left out.</remarks>
    /// <param name="from">The region to be asked first.</param>
    /// <param name="now">The time; blobs deferred until later are left out.</param>
    /// <param name="limit">The most to read of each kind, at least 1.</param>
    ValueTask<IReadOnlyList<HydrationJob>> ReadReadyAsync(
        RegionId from, DateTimeOffset now, int limit, CancellationToken cancellation = default);

    /// <summary>Takes a blob that is stored now out of the queue.</summary>
    /// <returns>The commits that awaited no other blob: they are complete here. None where the blob was not queued.</returns>
    Task<IReadOnlyList<PendingCommit>> CompleteAsync(Digest digest, CancellationToken cancellation = default);

    /// <summary>Takes out a blob that no repository which awaits it has any more: it was deleted meanwhile.</summary>
    /// <returns>Whether it was taken out.</returns>
    Task<bool> DropUnlinkedAsync(Digest digest, CancellationToken cancellation = default);

    /// <summary>Whether commits await a blob, be it a dead letter.</summary>
    ValueTask<bool> IsAwaitedAsync(Digest digest, CancellationToken cancellation = default);

    /// <summary>Defers a blob after it could not be fetched, or makes it a dead letter.</summary>
    /// <param name="digest">The blob.</param>
    /// <param name="error">Why, for people.</param>
    /// <param name="notBefore">When to try again; null makes it a dead letter, which stays until it is retried or stored.</param>
    /// <param name="countAttempt">Whether it counts as an attempt, as it does not while no region can be reached.</param>
    /// <param name="cancellation">Cancels waiting before the transaction begins.</param>
    Task DeferAsync(Digest digest, string error, DateTimeOffset? notBefore, bool countAttempt, CancellationToken cancellation = default);

    /// <summary>Lets blobs be tried again now, as if they had never failed.</summary>
    /// <param name="digest">The blob; null for all dead letters and all that were deferred.</param>
    /// <param name="cancellation">Cancels before a transaction begins; what earlier transactions did remains.</param>
    /// <returns>How many. All of them are no one transaction: blobs that fail meanwhile may be counted twice.</returns>
    Task<int> RetryAsync(Digest? digest, CancellationToken cancellation = default);

    /// <summary>
    /// Whether a ledger's commit at a position awaits no blob here; false where the feed has another incarnation here. Whether the
    /// commit is applied is not looked at.
    /// </summary>
    /// <remarks>A position that a snapshot of the ledger covers is complete when nothing that came with it is awaited.</remarks>
    ValueTask<bool> IsCompleteAsync(LedgerId ledger, FeedPosition position, CancellationToken cancellation = default);

    /// <summary>Blobs in the queue, the oldest first.</summary>
    /// <param name="dead">Dead letters, or the others.</param>
    /// <param name="limit">The most to read, at least 1.</param>
    ValueTask<IReadOnlyList<HydrationJob>> ListAsync(bool dead, int limit, CancellationToken cancellation = default);

    /// <summary>What is pending of each region's feed that has something pending.</summary>
    ValueTask<IReadOnlyList<PendingSummary>> SummarizeAsync(CancellationToken cancellation = default);

    /// <summary>What is pending of each repository that has something pending, the oldest first.</summary>
    /// <param name="repository">The only repository; null for all.</param>
    /// <param name="limit">The most to read, at least 1.</param>
    ValueTask<IReadOnlyList<RepositoryPending>> SummarizeRepositoriesAsync(
        RepositoryName? repository, int limit, CancellationToken cancellation = default);
}

/// <summary>A blob to be fetched.</summary>
/// <param name="Digest">The blob.</param>
/// <param name="SizeBytes">Its size.</param>
/// <param name="From">The region to ask first.</param>
/// <param name="Attempts">How often it could not be fetched.</param>
/// <param name="NotBefore">When it may be tried again; the past where it never failed.</param>
/// <param name="Error">Why it could not be fetched the last time; null where it never failed.</param>
/// <param name="Since">When the oldest commit that awaits it was made.</param>
/// <param name="Repository">A repository that awaits it.</param>
public sealed record HydrationJob(
    Digest Digest,
    long SizeBytes,
    RegionId From,
    int Attempts,
    DateTimeOffset NotBefore,
    string? Error,
    DateTimeOffset Since,
    string Repository);

/// <summary>A commit by its place in a feed.</summary>
/// <param name="Position">Its place; of no incarnation where the feed was never followed here.</param>
/// <param name="At">When it was made.</param>
public readonly record struct PendingCommit(FeedPosition Position, DateTimeOffset At);

/// <summary>What is applied of a region's feed and still awaits blobs.</summary>
/// <param name="Source">The region.</param>
/// <param name="Commits">How many commits.</param>
/// <param name="Blobs">How many blobs.</param>
/// <param name="Bytes">Their bytes.</param>
/// <param name="DeadLetters">How many of the blobs are dead letters.</param>
/// <param name="Oldest">When the oldest of the commits was made.</param>
public sealed record PendingSummary(RegionId Source, long Commits, long Blobs, long Bytes, long DeadLetters, DateTimeOffset Oldest);

/// <summary>What a repository awaits.</summary>
/// <param name="Repository">Its name.</param>
/// <param name="Commits">How many commits await blobs.</param>
/// <param name="Blobs">How many blobs.</param>
/// <param name="Bytes">Their bytes.</param>
/// <param name="Oldest">When the oldest of the commits was made.</param>
public sealed record RepositoryPending(string Repository, long Commits, long Blobs, long Bytes, DateTimeOffset Oldest);
