using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace GeoRegistry.Cluster.Tests.Regions;

/// <summary>A region's blobs as they are in its container.</summary>
internal sealed class AzureBlobs(BlobContainerClient container) : RegionBlobs
{
    private const string Folder = "blobs/sha256/";

    public override bool Has(string digest) => Client(digest).Exists();

    public override IEnumerable<string> List() =>
        container.GetBlobs(BlobTraits.None, BlobStates.None, Folder, CancellationToken.None)
            .Select(blob => $"sha256:{Path.GetFileName(blob.Name)}");

    public override void FlipOneBit(string digest, Random random)
    {
        var bytes = Client(digest).DownloadContent().Value.Content.ToArray();
        bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
        Client(digest).Upload(new BinaryData(bytes), overwrite: true);
    }

    protected override Stream Open(string digest) => Client(digest).OpenRead();

    private BlobClient Client(string digest)
    {
        var hex = digest["sha256:".Length..];
        return container.GetBlobClient($"{Folder}{hex[..2]}/{hex}");
    }
}
