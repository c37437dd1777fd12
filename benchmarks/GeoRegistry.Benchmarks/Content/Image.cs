using System.Text;
using System.Text.Json;

namespace GeoRegistry.Benchmarks.Content;

/// <summary>An OCI image: a config, layers, and the manifest that names them.</summary>
internal sealed record Image(Blob Config, IReadOnlyList<Blob> Layers, Blob Manifest)
{
    public const string MediaType = "application/vnd.oci.image.manifest.v1+json";

    private const int ConfigSizeBytes = 1024;

    /// <summary>Makes an image of random layers; the same seed gives the same image.</summary>
    public static Image Create(int seed, int layers, int layerSizeBytes)
    {
        var random = new Random(seed);
        var config = CreateConfig(random);
        var blobs = new Blob[layers];
        for (var i = 0; i < layers; i++) blobs[i] = Blob.Random(random.Next(), layerSizeBytes);
        return new Image(config, blobs, CreateManifest(config, blobs));
    }

    private static Blob CreateConfig(Random random)
    {
        var head = """{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]},"author":" """.TrimEnd();
        const string tail = "\"}";
        var text = head + random.GetHexString(ConfigSizeBytes - head.Length - tail.Length) + tail;
        return Blob.Of(Encoding.UTF8.GetBytes(text));
    }

    private static Blob CreateManifest(Blob config, IEnumerable<Blob> layers) => Blob.Of(JsonSerializer.SerializeToUtf8Bytes(new
    {
        schemaVersion = 2,
        mediaType = MediaType,
        config = Descriptor("application/vnd.oci.image.config.v1+json", config),
        layers = layers.Select(layer => Descriptor("application/vnd.oci.image.layer.v1.tar", layer)).ToArray(),
    }));

    private static object Descriptor(string mediaType, Blob blob) => new { mediaType, digest = blob.Digest, size = blob.Content.Length };
}
