using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;

namespace GeoRegistry.Repositories.Regions;

/// <summary>The blobs that this region is to have and lacks.</summary>
public interface IWantedBlobs
{
    /// <summary>Blobs that operations name, that are to be in this region, and that its store lacks.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="operations">The operations.</param>
    /// <param name="from">The region to ask for them first.</param>
    ValueTask<IReadOnlyList<MissingBlob>> FindMissingAsync(
        RepositoryName repository, IReadOnlyList<Operation> operations, RegionId from, CancellationToken cancellation = default);

    /// <summary>Records that missing blobs were queued with a commit.</summary>
    void Queued();

    /// <summary>
    /// Records that a blob may have been stored here other than by a fetch: commits do not await it any more, if they
    /// did.
    /// </summary>
    Task NoteStoredAsync(Digest digest, CancellationToken cancellation = default);
}
