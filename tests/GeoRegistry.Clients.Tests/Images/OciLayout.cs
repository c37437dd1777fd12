using System.Security.Cryptography;
using System.Text.Json;

namespace GeoRegistry.Clients.Tests.Images;

// An image or index in an OCI image layout, read with nothing of the product, so that the two cannot err alike.
internal sealed class OciLayout(string folder)
{
    private const string Tag = "latest";

    // As containers/image tools write it.
    public string Reference => $"oci:{folder}:{Tag}";

    public string RootDigest { get; } = ReadRootDigest(folder);

    // The root first, then its children if it is an index.
    public IReadOnlyList<OciManifest> Manifests => field ??= [.. ReadManifests(RootDigest)];

    // Every config and layer of every manifest, each once.
    public IReadOnlyList<OciDescriptor> Blobs =>
        field ??= [.. Manifests.SelectMany(manifest => manifest.Blobs).DistinctBy(blob => blob.Digest)];

    public OciManifest Root => Manifests[0];

    public OciManifest ForArchitecture(string architecture) =>
        Manifests.Single(manifest => manifest.Platform == $"linux/{architecture}");

    public async Task<byte[]> ReadBlobAsync(string digest) => await File.ReadAllBytesAsync(BlobPath(digest));

    // Every file under blobs/ is hashed, so a copy that is cut short or filled with something else is found.
    public async Task AssertHoldsExactlyAsync(OciLayout expected)
    {
        Assert.Equal(expected.RootDigest, RootDigest);
        var digests = expected.Manifests.Select(manifest => manifest.Digest).Concat(expected.Blobs.Select(blob => blob.Digest));
        var files = Directory.GetFiles(Path.Combine(folder, "blobs", "sha256")).Select(file => $"sha256:{Path.GetFileName(file)}");
        Assert.Equal(digests.Order(), files.Order());
        foreach (var digest in digests)
        {
            await using var blob = File.OpenRead(BlobPath(digest));
            Assert.Equal(digest, $"sha256:{Convert.ToHexStringLower(await SHA256.HashDataAsync(blob))}");
        }
    }

    private IEnumerable<OciManifest> ReadManifests(string digest)
    {
        var manifest = OciManifest.Parse(File.ReadAllBytes(BlobPath(digest)));
        return manifest.Children
            .SelectMany(child => ReadManifests(child.Digest).Select(read => read with { Platform = child.Platform }))
            .Prepend(manifest);
    }

    private string BlobPath(string digest) => Path.Combine(folder, "blobs", digest.Replace(':', Path.DirectorySeparatorChar));

    private static string ReadRootDigest(string folder)
    {
        using var index = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "index.json")));
        return index.RootElement.GetProperty("manifests").EnumerateArray().Single().GetProperty("digest").GetString()!;
    }
}
