using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Manifests;
using GeoRegistry.Regions.Control;

namespace GeoRegistry.Replication.Hydration;

/// <summary>Finds which blobs this region lacks and is to have.</summary>
/// <param name="map">The topology, by whose policies content is copied.</param>
/// <param name="blobs">The blobs that are here.</param>
public sealed class MissingBlobs(RegionMap map, IBlobStore blobs)
{
    /// <summary>Blobs that operations name.</summary>
    public ValueTask<IReadOnlyList<MissingBlob>> OfAsync(RepositoryName repository, IEnumerable<Operation> operations, RegionId from, CancellationToken cancellation) =>
        OfAsync(repository, operations.SelectMany(BlobsOf), from, cancellation);

    /// <summary>Blobs that the entries of a snapshot name.</summary>
    public ValueTask<IReadOnlyList<MissingBlob>> OfAsync(RepositoryName repository, IEnumerable<SnapshotEntry> entries, RegionId from, CancellationToken cancellation) =>
        OfAsync(repository, entries.SelectMany(BlobsOf), from, cancellation);

    private async ValueTask<IReadOnlyList<MissingBlob>> OfAsync(
        RepositoryName repository, IEnumerable<(Digest Digest, long SizeBytes)> named, RegionId from, CancellationToken cancellation)
    {
        // A home has every blob of its repositories, so that none is in one region alone for long.
        var policy = map.Current.PolicyOf(repository);
        if (!policy.Allows(map.Self) || (policy.IsLazy && map.Current.HomeOf(repository).Region != map.Self)) return [];
        var missing = new List<MissingBlob>();
        foreach (var (digest, sizeBytes) in named.DistinctBy(blob => blob.Digest))
        {
            if (await blobs.FindAsync(digest, cancellation).ConfigureAwait(false) is null) missing.Add(new MissingBlob(digest, sizeBytes, from));
        }

        return missing;
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
        SnapshotEntry.OfBlob(var digest, var sizeBytes) => [(digest, sizeBytes)],
        _ => [],
    };

    private static IEnumerable<(Digest, long)> BlobsOf(Manifest manifest) =>
        manifest.References.Where(reference => reference.Kind == ContentKind.Blob).Select(reference => (reference.Digest, reference.SizeBytes));
}
