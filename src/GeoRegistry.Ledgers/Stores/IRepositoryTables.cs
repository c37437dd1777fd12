using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Manifests;

namespace GeoRegistry.Ledgers.Stores;

/// <summary>What the commits of repositories amount to now, and the blobs that this region holds for each repository.</summary>
/// <remarks>
/// Safe for any number of callers at once. Reads never wait behind writes, see every write that has returned, and cost what
/// they return: none becomes slower because a repository or the registry is large. Texts are ordered by their bytes.
/// </remarks>
public interface IRepositoryTables
{
    /// <summary>The manifest of this digest in the repository, or null.</summary>
    ValueTask<Manifest?> FindManifestAsync(RepositoryName repository, Digest digest, CancellationToken cancellation = default);

    /// <summary>The digest that a tag names, or null.</summary>
    ValueTask<Digest?> FindTagAsync(RepositoryName repository, Tag tag, CancellationToken cancellation = default);

    /// <summary>All tags that name a manifest.</summary>
    ValueTask<IReadOnlyList<Tag>> ListTagsOfAsync(RepositoryName repository, Digest digest, CancellationToken cancellation = default);

    /// <summary>Tags after one, in order.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="after">The tag, or any text in its place, after which to begin; null for the start.</param>
    /// <param name="limit">The most tags to read, at least 1.</param>
    ValueTask<IReadOnlyList<Tag>> ListTagsAsync(RepositoryName repository, string? after, int limit,
        CancellationToken cancellation = default);

    /// <summary>Descriptors of the manifests that have a subject, in the order of their digests.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="subject">The subject; it need not exist.</param>
    /// <param name="artifactType">The only artifact type to list, or null for all.</param>
    /// <param name="after">The digest after which to begin; null for the start.</param>
    /// <param name="limit">The most descriptors to read, at least 1.</param>
    /// <param name="enoughBytes">How many bytes of descriptors are enough: after those that have them only one more is read, as the sign
    /// that there are more.</param>
    ValueTask<IReadOnlyList<Referrer>> ListReferrersAsync(
        RepositoryName repository,
        Digest subject,
        string? artifactType,
        Digest? after,
        int limit,
        int enoughBytes = int.MaxValue,
        CancellationToken cancellation = default);

    /// <summary>A manifest of the repository that names this content, or null: one, where there are several.</summary>
    ValueTask<Digest?> FindReferenceToAsync(RepositoryName repository, Digest content, CancellationToken cancellation = default);

    /// <summary>Whether the repository has had a commit; one whose manifests were all deleted still exists.</summary>
    ValueTask<bool> ExistsAsync(RepositoryName repository, CancellationToken cancellation = default);

    /// <summary>
    /// Names of repositories that have a manifest, in order. One that was emptied is skipped, at the cost of a look
    /// into an index.
    /// </summary>
    /// <param name="after">The name, or any text in its place, after which to begin; null for the start.</param>
    /// <param name="limit">The most names to read, at least 1.</param>
    ValueTask<IReadOnlyList<RepositoryName>> ListRepositoriesAsync(string? after, int limit, CancellationToken cancellation = default);

    /// <summary>The size in bytes of a blob that the repository has, or null.</summary>
    ValueTask<long?> FindBlobAsync(RepositoryName repository, Digest digest, CancellationToken cancellation = default);

    /// <summary>
    /// Whether a commit says that the repository has a blob, so that it is wanted wherever the commit is applied; an upload
    /// alone does not say it.
    /// </summary>
    ValueTask<bool> IsBlobCommittedAsync(RepositoryName repository, Digest digest, CancellationToken cancellation = default);

    /// <summary>The size in bytes of a blob that any repository has, or null.</summary>
    ValueTask<long?> FindBlobAnywhereAsync(Digest digest, CancellationToken cancellation = default);

    /// <summary>Records that the repository has a blob. On disk when it returns; recording it again changes nothing.</summary>
    /// <param name="repository">The repository, which need not exist.</param>
    /// <param name="digest">The blob, which is in the region's blob store.</param>
    /// <param name="sizeBytes">Its size.</param>
    /// <param name="announce">Whether the repository's home has yet to hear of it: queued in the same transaction
    /// (<see cref="IAnnouncements"/>).</param>
    /// <param name="cancellation">Cancels before the transaction begins.</param>
    /// <returns>What is to be announced; null without <paramref name="announce"/>.</returns>
    Task<BlobAnnouncement?> LinkBlobAsync(RepositoryName repository, Digest digest, long sizeBytes, bool announce = false,
        CancellationToken cancellation = default);
}
