using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Errors;

namespace GeoRegistry.Repositories.Regions;

/// <summary>
/// The other regions of a region that is alone: there are none, so it waits for nobody and nobody has to hear of
/// anything.
/// </summary>
public sealed class NoOtherRegions : IRemoteBlobs, IBlobAnnouncer, IWantedBlobs, IHomeGate, IVisibility
{
    private static readonly Dictionary<Digest, long> NoBlobs = [];

    /// <inheritdoc/>
    public ValueTask<long?> FindAsync(RepositoryName repository, Digest digest, CancellationToken cancellation = default) => default;

    /// <inheritdoc/>
    public Task<IReadOnlyDictionary<Digest, long>> FindManyAsync(
        RepositoryName repository, IReadOnlyCollection<Digest> digests, CancellationToken cancellation = default) =>
        Task.FromResult<IReadOnlyDictionary<Digest, long>>(NoBlobs);

    /// <inheritdoc/>
    public Task<IBlobReader?> OpenAsync(Digest digest, long sizeBytes, CancellationToken cancellation = default) =>
        Task.FromResult<IBlobReader?>(null);

    /// <inheritdoc/>
    public bool MustAnnounce(RepositoryName repository) => false;

    /// <inheritdoc/>
    public Task AnnounceAsync(BlobAnnouncement announcement, CancellationToken cancellation = default) =>
        Task.CompletedTask;

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<MissingBlob>> FindMissingAsync(
        RepositoryName repository, IReadOnlyList<Operation> operations, RegionId from, CancellationToken cancellation = default) =>
        new([]);

    /// <inheritdoc/>
    public void Queued()
    {
    }

    /// <inheritdoc/>
    public Task NoteStoredAsync(Digest digest, CancellationToken cancellation = default) => Task.CompletedTask;

    /// <inheritdoc/>
    public ValueTask<RegistryError?> FindRefusalAsync(RepositoryName repository, CancellationToken cancellation = default) => default;

    /// <inheritdoc/>
    public ValueTask<IVisibleChange?> BeginChangeAsync(
        RepositoryName repository, IReadOnlyList<string> names, CancellationToken cancellation = default) => default;

    /// <inheritdoc/>
    public Task AwaitShownAsync(RepositoryName repository, IReadOnlyList<string> names) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task AwaitFollowedAsync(RepositoryName repository, FeedPosition position, CancellationToken cancellation = default) =>
        Task.CompletedTask;
}
