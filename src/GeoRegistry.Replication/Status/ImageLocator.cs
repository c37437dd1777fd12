using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Regions.Control;
using GeoRegistry.Replication.Receipts;

namespace GeoRegistry.Replication.Status;

/// <summary>Where an image is: how much of it this region has.</summary>
public sealed class ImageLocator(
    RegionMap map, IRepositoryTables tables, ImageBlobs images, IBlobStore blobs, Completion completion)
{
    /// <summary>Finds what this region has of an image and its children.</summary>
    public async Task<ImageLocation> FindAsync(RepositoryName repository, Reference reference, CancellationToken cancellation)
    {
        var region = map.Self.ToString();
        if (!map.Current.PolicyOf(repository).Allows(map.Self)) return new ImageLocation(region, "excluded");
        var digest = reference.IsDigest
            ? reference.Digest
            : await tables.FindTagAsync(repository, reference.Tag, cancellation).ConfigureAwait(false);
        var manifest = digest is { } named ? await tables.FindManifestAsync(repository, named, cancellation).ConfigureAwait(false) : null;
        if (manifest is null) return new ImageLocation(region, "unknown");
        var content = await images.FindAsync(repository, manifest, cancellation).ConfigureAwait(false);
        var isCurrent = await completion.IsCurrentAsync(
            map.Current.HomeOf(repository).Region, repository, cancellation).ConfigureAwait(false);
        var here = new List<long>();
        foreach (var (blob, sizeBytes) in content)
        {
            if (await blobs.FindAsync(blob, cancellation).ConfigureAwait(false) is not null) here.Add(sizeBytes);
        }

        return new ImageLocation(
            region,
            isCurrent && here.Count == content.Count ? "complete" : "partial",
            manifest.Digest.ToString(),
            content.Count,
            here.Count,
            content.Values.Sum(),
            here.Sum());
    }
}

/// <summary>How much of an image a region has.</summary>
/// <param name="Region">The region.</param>
/// <param name="State"><c>complete</c>, <c>partial</c> (its names, and not all blobs; or what it names may be
/// old, because the region is still taking the ledger over), <c>unknown</c>, <c>excluded</c> by its policy,
/// or <c>unreachable</c>.</param>
/// <param name="Digest">What the reference names there; null where it is not known there.</param>
/// <param name="Blobs">How many blobs the image has, its children's with it.</param>
/// <param name="BlobsHere">How many of them are there.</param>
/// <param name="Bytes">The bytes of all.</param>
/// <param name="BytesHere">The bytes of those that are there.</param>
public sealed record ImageLocation(
    string Region,
    string State,
    string? Digest = null,
    int? Blobs = null,
    int? BlobsHere = null,
    long? Bytes = null,
    long? BytesHere = null);
