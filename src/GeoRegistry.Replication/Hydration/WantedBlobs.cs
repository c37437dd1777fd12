using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Manifests;
using GeoRegistry.Regions.Control;
using GeoRegistry.Repositories.Regions;

namespace GeoRegistry.Replication.Hydration;

/// <summary>
/// Which blobs commits name, which of them this region is to have, and which it lacks: the one definition of what is
/// complete.
/// </summary>
/// <param name="map">The topology, by whose policies content is copied.</param>
/// <param name="blobs">The blobs that are here.</param>
/// <param name="hydrator">Brings what is missing.</param>
/// <param name="fetches">The blobs on their way.</param>
public sealed class WantedBlobs(RegionMap map, IBlobStore blobs, Hydrator hydrator, BlobFetches fetches) : IWantedBlobs
{
    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<MissingBlob>> FindMissingAsync(
        RepositoryName repository, IReadOnlyList<Operation> operations, RegionId from, CancellationToken cancellation = default) =>
        FindMissingAsync(repository, operations.SelectMany(BlobsOf), from, cancellation);

    /// <summary>The blobs that the entries of a snapshot name, with their sizes in bytes.</summary>
    public static IAsyncEnumerable<(Digest Digest, long SizeBytes)> NamedBy(IAsyncEnumerable<SnapshotEntry> entries) =>
        entries.SelectMany(BlobsOf);

    /// <inheritdoc/>
    public void Queued() => hydrator.Wake();

    /// <inheritdoc/>
    public Task NoteStoredAsync(Digest digest, CancellationToken cancellation = default) => fetches.NoteStoredAsync(digest, cancellation);

    /// <summary>Whether another region that can be reached says that it has a blob.</summary>
    internal Task<bool> IsElsewhereAsync(Digest digest, long sizeBytes, CancellationToken cancellation) =>
        fetches.IsElsewhereAsync(digest, sizeBytes, cancellation);

    /// <summary>Those of some blobs that are to be in this region and that its store lacks.</summary>
    public async ValueTask<IReadOnlyList<MissingBlob>> FindMissingAsync(
        RepositoryName repository, IEnumerable<(Digest Digest, long SizeBytes)> named, RegionId from, CancellationToken cancellation)
    {
        // A home has every blob of its repositories, so that none is in one region alone for long.
        var policy = map.Current.PolicyOf(repository);
        if (!policy.Allows(map.Self) || (policy.IsLazy && map.Current.HomeOf(repository).Region != map.Self)) return [];
        var all = named.DistinctBy(blob => blob.Digest).ToList();
        if (all.Count == 0) return [];
        var here = await blobs.StatManyAsync([.. all.Select(blob => blob.Digest)], cancellation).ConfigureAwait(false);
        return [.. all.Where(blob => !here.ContainsKey(blob.Digest)).Select(blob => new MissingBlob(blob.Digest, blob.SizeBytes, from))];
    }

    private static IEnumerable<(Digest, long)> BlobsOf(Operation operation) => operation switch
    {
        Operation.ManifestPut(var manifest) => BlobsOf(manifest),
        Operation.BlobLinked(var digest, var sizeBytes) => [(digest, sizeBytes)],
        _ => [],
    };

    private static IEnumerable<(Digest, long)> BlobsOf(SnapshotEntry entry) => entry switch
    {
        SnapshotEntry.OfManifest(var manifest) => BlobsOf(manifest),
        SnapshotEntry.OfBlob(var digest, var sizeBytes, IsCommitted: true) => [(digest, sizeBytes)],
        _ => [],
    };

    // What else a manifest names that is a blob, its commit says: children that are no manifests, and layers that may live elsewhere
    // and were pushed.
    private static IEnumerable<(Digest, long)> BlobsOf(Manifest manifest) =>
        manifest.References
            .Where(reference => reference.Kind == ContentKind.Blob)
            .Select(reference => (reference.Digest, reference.SizeBytes));
}
