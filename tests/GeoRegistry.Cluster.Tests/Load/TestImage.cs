using System.Text.Json;
using GeoRegistry.Protocol.Manifests;

namespace GeoRegistry.Cluster.Tests.Load;

/// <summary>A manifest or index, and all it names.</summary>
internal sealed record TestImage(byte[] Manifest, string MediaType, IReadOnlyList<Blob> Blobs, IReadOnlyList<TestImage> Children)
{
    private const string ConfigType = "application/vnd.oci.image.config.v1+json", LayerType = "application/vnd.oci.image.layer.v1.tar";

    public string Digest { get; } = GeoRegistry.Protocol.Digest.Of(Manifest).ToString();

    /// <summary>Every blob of it and its children, each once.</summary>
    public IEnumerable<Blob> AllBlobs => Blobs.Concat(Children.SelectMany(child => child.AllBlobs)).DistinctBy(blob => blob.Digest);

    /// <summary>An image of a config and layers of random bytes.</summary>
    public static TestImage Next(Random random, params IReadOnlyList<int> layerSizesBytes) =>
        Of([Blob.Next(random, 64), .. layerSizesBytes.Select(size => Blob.Next(random, size))]);

    /// <summary>An image of these blobs, the first of which is the config.</summary>
    public static TestImage Of(IReadOnlyList<Blob> blobs, string? note = null) => new(
        JsonSerializer.SerializeToUtf8Bytes(new
        {
            schemaVersion = 2,
            mediaType = MediaTypes.OciImageManifest,
            config = Descriptor(ConfigType, blobs[0]),
            layers = blobs.Skip(1).Select(blob => Descriptor(LayerType, blob)),
            annotations = new Dictionary<string, string> { ["note"] = note ?? "" },
        }),
        MediaTypes.OciImageManifest,
        blobs,
        []);

    /// <summary>An index of images, and of blobs as build caches have them.</summary>
    public static TestImage IndexOf(IReadOnlyList<TestImage> children, params IReadOnlyList<Blob> blobs) => new(
        JsonSerializer.SerializeToUtf8Bytes(new
        {
            schemaVersion = 2,
            mediaType = MediaTypes.OciImageIndex,
            manifests = children.Select(child => Descriptor(child.MediaType, child.Digest, child.Manifest.Length)).Concat(
                blobs.Select(blob => Descriptor(LayerType, blob))),
        }),
        MediaTypes.OciImageIndex,
        blobs,
        children);

    private static object Descriptor(string mediaType, Blob blob) => Descriptor(mediaType, blob.Digest, blob.Bytes.Length);

    private static object Descriptor(string mediaType, string digest, int sizeBytes) => new { mediaType, digest, size = sizeBytes };
}
