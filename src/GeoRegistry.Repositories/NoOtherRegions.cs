using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;

namespace GeoRegistry.Repositories;

/// <summary>The other regions of a region that is alone.</summary>
public sealed class NoOtherRegions : IOtherRegions
{
    private static readonly Dictionary<Digest, long> NoBlobs = [];

    /// <inheritdoc/>
    public ValueTask<long?> FindBlobAsync(RepositoryName repository, Digest digest, CancellationToken cancellation = default) => default;

    /// <inheritdoc/>
    public Task<IBlobReader?> OpenBlobAsync(Digest digest, long sizeBytes, CancellationToken cancellation = default) => Task.FromResult<IBlobReader?>(null);

    /// <inheritdoc/>
    public Task NoteStoredAsync(Digest digest, CancellationToken cancellation = default) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task AnnounceBlobAsync(RepositoryName repository, Digest digest, long sizeBytes, CancellationToken cancellation = default) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task<IReadOnlyDictionary<Digest, long>> FindBlobsAsync(
        RepositoryName repository, IReadOnlyCollection<Digest> digests, CancellationToken cancellation = default) => Task.FromResult<IReadOnlyDictionary<Digest, long>>(NoBlobs);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<MissingBlob>> FindMissingAsync(
        RepositoryName repository, IReadOnlyList<Operation> operations, RegionId from, CancellationToken cancellation = default) => new([]);

    /// <inheritdoc/>
    public ValueTask<IAnswerChange?> BeginChangeAsync(RepositoryName repository, IReadOnlyList<Operation> operations, CancellationToken cancellation = default) => default;

    /// <inheritdoc/>
    public void BlobsAwaited()
    {
    }

    /// <inheritdoc/>
    public Task AwaitShownAsync(RepositoryName repository, long position, CancellationToken cancellation = default) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task AwaitSpreadAsync(RepositoryName repository, IReadOnlyList<Tag> tags) => Task.CompletedTask;
}
