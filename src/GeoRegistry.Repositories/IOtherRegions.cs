using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;

namespace GeoRegistry.Repositories;

/// <summary>What repositories ask of the other regions and tell them. A region that is alone has <see cref="NoOtherRegions"/>.</summary>
public interface IOtherRegions
{
    /// <summary>The size in bytes of a blob that the repository has by what its home knows, or null; null too where nobody can be asked.</summary>
    ValueTask<long?> FindBlobAsync(RepositoryName repository, Digest digest, CancellationToken cancellation = default);

    /// <summary>Opens a blob that this region lacks, and stores it here while it is read: one fetch, however many read it.</summary>
    /// <returns>A reader that waits for what has not arrived; null where no region has the blob.</returns>
    /// <exception cref="OtherRegionsUnreachableException">No region that can be reached has it whole.</exception>
    /// <exception cref="RegionUnavailableException">This region cannot store it, or fetches as many blobs for clients as it may.</exception>
    Task<IBlobReader?> OpenBlobAsync(Digest digest, long sizeBytes, CancellationToken cancellation = default);

    /// <summary>Takes note that a blob may have been stored here other than by <see cref="OpenBlobAsync"/>: commits do not await it any more, if it was.</summary>
    Task NoteStoredAsync(Digest digest, CancellationToken cancellation = default);

    /// <summary>Tells the repository's home that the repository has a blob, which is stored here. Best effort: a manifest's commit says it again.</summary>
    Task AnnounceBlobAsync(RepositoryName repository, Digest digest, long sizeBytes, CancellationToken cancellation = default);

    /// <summary>Which of these blobs the repository has in other regions, with their sizes in bytes.</summary>
    Task<IReadOnlyDictionary<Digest, long>> FindBlobsAsync(RepositoryName repository, IReadOnlyCollection<Digest> digests, CancellationToken cancellation = default);

    /// <summary>Blobs that operations name, that are to be in this region, and that its store lacks.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="operations">The operations.</param>
    /// <param name="from">The region to ask for them first.</param>
    /// <param name="cancellation">Gives up.</param>
    ValueTask<IReadOnlyList<MissingBlob>> FindMissingAsync(
        RepositoryName repository, IReadOnlyList<Operation> operations, RegionId from, CancellationToken cancellation = default);

    /// <summary>Takes note that operations are about to be appended that change what a replica answers alone.</summary>
    /// <returns>The change, which must be told how the append ended; null where no replica is concerned.</returns>
    ValueTask<IAnswerChange?> BeginChangeAsync(RepositoryName repository, IReadOnlyList<Operation> operations, CancellationToken cancellation = default);

    /// <summary>Takes note of a commit of this region that names blobs which it lacks.</summary>
    void BlobsAwaited();

    /// <summary>Returns once no region answers with what stood before a commit of this region.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="position">The commit's position in this region's feed.</param>
    /// <param name="cancellation">Gives up; the commit stands all the same.</param>
    Task AwaitShownAsync(RepositoryName repository, long position, CancellationToken cancellation = default);

    /// <summary>Returns once no region answers with what stood before the last changes of these tags; at once where none of them is spreading.</summary>
    Task AwaitSpreadAsync(RepositoryName repository, IReadOnlyList<Tag> tags);
}

/// <summary>An append under way that changes what a replica answers alone. Until all regions know of it, none shows it.</summary>
public interface IAnswerChange
{
    /// <summary>It is on disk.</summary>
    /// <param name="position">Its position in this region's feed.</param>
    /// <returns>Ends when no region answers with what stood before, whoever waits for it.</returns>
    Task Appended(long position);

    /// <summary>It was not appended, or that is not known.</summary>
    void Failed(bool isUnknown);
}

/// <summary>Some regions could not be reached that may have what was asked for.</summary>
/// <param name="message">What was asked for, and of whom.</param>
public sealed class OtherRegionsUnreachableException(string message) : IOException(message);
