using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Protocol;

namespace GeoRegistry.Repositories.Regions;

/// <summary>The blobs of other regions.</summary>
public interface IRemoteBlobs
{
    /// <summary>
    /// The size in bytes of a blob that the repository has by what its home knows, or null; null too where nobody can be
    /// asked.
    /// </summary>
    ValueTask<long?> FindAsync(RepositoryName repository, Digest digest, CancellationToken cancellation = default);

    /// <summary>
    /// Which of these blobs the repository has in other regions, with their sizes in bytes. Regions that do not answer
    /// are left out.
    /// </summary>
    Task<IReadOnlyDictionary<Digest, long>> FindManyAsync(
        RepositoryName repository, IReadOnlyCollection<Digest> digests, CancellationToken cancellation = default);

    /// <summary>Opens a blob that this region lacks, and stores it here while it is read: one fetch, however many read it.</summary>
    /// <returns>A reader that waits for what has not arrived; null where no region has the blob.</returns>
    /// <exception cref="OtherRegionsUnreachableException">No region that can be reached has an intact copy.</exception>
    /// <exception cref="RegionUnavailableException">This region cannot store it, or fetches as many blobs for clients as it
    /// may.</exception>
    Task<IBlobReader?> OpenAsync(Digest digest, long sizeBytes, CancellationToken cancellation = default);
}
