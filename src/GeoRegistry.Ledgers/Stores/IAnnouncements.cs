using GeoRegistry.Protocol;

namespace GeoRegistry.Ledgers.Stores;

/// <summary>The blobs that were uploaded in this region and that their repository's home has yet to hear of.</summary>
/// <remarks>
/// They are added by <see cref="IRepositoryTables.LinkBlobAsync"/>. Until it is confirmed, no deletion and no snapshot
/// removes such a link: which came first is not known.
/// </remarks>
public interface IAnnouncements
{
    /// <summary>Announcements that are to be made, in no order.</summary>
    /// <param name="limit">The most to read, at least 1.</param>
    ValueTask<IReadOnlyList<BlobAnnouncement>> ListAnnouncementsAsync(int limit, CancellationToken cancellation = default);

    /// <summary>Takes note that the home has linked the blob.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="digest">The blob.</param>
    /// <param name="homeNumber">The number of the ledger's head when the home did: only later deletions remove the link.</param>
    /// <param name="cancellation">Cancels before the transaction begins.</param>
    Task ConfirmAnnouncementAsync(RepositoryName repository, Digest digest, long homeNumber, CancellationToken cancellation = default);
}

/// <summary>A blob that a repository's home has yet to hear of.</summary>
/// <param name="Repository">The repository.</param>
/// <param name="Digest">The blob.</param>
/// <param name="SizeBytes">Its size.</param>
public readonly record struct BlobAnnouncement(RepositoryName Repository, Digest Digest, long SizeBytes);
