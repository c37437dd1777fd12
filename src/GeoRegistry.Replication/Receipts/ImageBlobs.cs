using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Manifests;

namespace GeoRegistry.Replication.Receipts;

/// <summary>Finds the blobs of images: a manifest's own, and those of its children.</summary>
/// <param name="tables">What the repositories of this region have.</param>
public sealed class ImageBlobs(IRepositoryTables tables)
{
    /// <summary>The blobs of an image.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="manifest">The image's manifest or index.</param>
    /// <returns>Each blob with its size in bytes.</returns>
    public async Task<IReadOnlyDictionary<Digest, long>> FindAsync(
        RepositoryName repository, Manifest manifest, CancellationToken cancellation)
    {
        var blobs = new Dictionary<Digest, long>();
        await CollectAsync(repository, manifest, blobs, [manifest.Digest], cancellation).ConfigureAwait(false);
        return blobs;
    }

    /// <summary>The blobs of all images that a commit puts or tags, and of one that it found there.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="operations">The commit's operations.</param>
    /// <param name="image">A manifest whose put changed nothing, or null.</param>
    /// <returns>Each blob with its size in bytes; those of manifests that are deleted by now are left out.</returns>
    public async Task<IReadOnlyDictionary<Digest, long>> FindAsync(
        RepositoryName repository, IReadOnlyList<Operation> operations, Digest? image, CancellationToken cancellation)
    {
        var (blobs, seen) = (new Dictionary<Digest, long>(), new HashSet<Digest>());
        foreach (var digest in operations.Select(PutOrTagged).Append(image).OfType<Digest>())
        {
            if (!seen.Add(digest)) continue;
            if (await tables.FindManifestAsync(repository, digest, cancellation).ConfigureAwait(false) is { } manifest)
                await CollectAsync(repository, manifest, blobs, seen, cancellation).ConfigureAwait(false);
        }

        return blobs;
    }

    /// <summary>Whether a repository has one of some blobs; others were deleted since a commit named them.</summary>
    public async Task<bool> HasAnyAsync(RepositoryName repository, IEnumerable<Digest> blobs, CancellationToken cancellation)
    {
        foreach (var blob in blobs)
            if (await tables.FindBlobAsync(repository, blob, cancellation).ConfigureAwait(false) is not null) return true;
        return false;
    }

    private static Digest? PutOrTagged(Operation operation) => operation switch
    {
        Operation.ManifestPut(var manifest) => manifest.Digest,
        Operation.TagSet(_, var digest) => digest,
        _ => null,
    };

    private async Task CollectAsync(
        RepositoryName repository, Manifest manifest, Dictionary<Digest, long> blobs, HashSet<Digest> seen,
        CancellationToken cancellation)
    {
        foreach (var reference in manifest.References)
        {
            // A layer that may live elsewhere counts where it was pushed all the same.
            if (reference.Kind == ContentKind.ForeignLayer
                && await tables.FindBlobAsync(repository, reference.Digest, cancellation).ConfigureAwait(false) is null) continue;

            var child = reference.Kind == ContentKind.Child
                ? await tables.FindManifestAsync(repository, reference.Digest, cancellation).ConfigureAwait(false)
                : null;
            if (child is null) blobs[reference.Digest] = reference.SizeBytes;
            else if (seen.Add(child.Digest)) await CollectAsync(repository, child, blobs, seen, cancellation).ConfigureAwait(false);
        }
    }
}
