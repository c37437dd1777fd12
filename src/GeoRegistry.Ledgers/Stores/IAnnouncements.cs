using GeoRegistry.Protocol;

namespace GeoRegistry.Ledgers.Stores;

/// <summary>
/// The blobs that were uploaded in this region and that their repository's home has yet to hear of; and, in a home, what it has heard.
/// </summary>
/// <remarks>
/// They are added by <see cref="IRepositoryTables.LinkBlobAsync"/>. Until one is confirmed, no deletion and no snapshot removes its link:
/// which came first is not known. An announcement may be made any number of times, as its answer may be lost: it has an id, by
/// which its home takes it once. Otherwise a repetition would bring back a blob that was deleted after the first time.
/// </remarks>
public interface IAnnouncements
{
    /// <summary>Announcements that are to be made, in the order of their ids.</summary>
    /// <param name="after">The id that they come after; 0 for the first.</param>
    /// <param name="limit">The most to read, at least 1.</param>
    /// <param name="cancellation">Cancels.</param>
    ValueTask<IReadOnlyList<BlobAnnouncement>> ListAnnouncementsAsync(
        long after, int limit, CancellationToken cancellation = default);

    /// <summary>The id of the announcement that is to be made of a blob of a repository; null where there is none.</summary>
    ValueTask<long?> FindAnnouncementAsync(RepositoryName repository, Digest digest, CancellationToken cancellation = default);

    /// <summary>Records that the home has linked the blob; a later announcement of the same blob stays to be made.</summary>
    /// <param name="announcement">The announcement.</param>
    /// <param name="homeNumber">
    /// The number of the ledger's head when the home did: a later deletion that was applied here meanwhile removes the link now.
    /// Null where this region has become the home itself: the link stays.
    /// </param>
    /// <param name="cancellation">Cancels before the transaction begins.</param>
    Task ConfirmAnnouncementAsync(BlobAnnouncement announcement, long? homeNumber, CancellationToken cancellation = default);

    /// <summary>Links a blob that another region announces to this one, which is the home; but not where it did so before.</summary>
    /// <param name="from">The region that announces.</param>
    /// <param name="announcement">
    /// The announcement. All of that region before its first id are done: what was taken is forgotten, and one that comes late links
    /// nothing.
    /// </param>
    /// <param name="cancellation">Cancels before the transaction begins.</param>
    /// <returns>The number of the ledger's head when this announcement was taken first; 0 where that is forgotten.</returns>
    Task<long> TakeAnnouncementAsync(RegionId from, BlobAnnouncement announcement, CancellationToken cancellation = default);

    /// <summary>Whether an announcement of another region was taken, so that what is linked here is newer than what it tells.</summary>
    ValueTask<bool> IsAnnouncementTakenAsync(RegionId from, long id, CancellationToken cancellation = default);
}

/// <summary>A blob that a repository's home has yet to hear of.</summary>
/// <param name="Repository">The repository.</param>
/// <param name="Digest">The blob.</param>
/// <param name="SizeBytes">Its size.</param>
/// <param name="Id">Which announcement of its region it is, at least 1; no other has it, also where the region lost its data.</param>
/// <param name="FirstId">The lowest id that is to be announced by its region; the home need not remember those below.</param>
public sealed record BlobAnnouncement(RepositoryName Repository, Digest Digest, long SizeBytes, long Id, long FirstId);
