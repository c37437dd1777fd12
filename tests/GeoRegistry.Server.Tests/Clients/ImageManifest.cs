using System.Text;
using System.Text.Json;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Manifests;

namespace GeoRegistry.Server.Tests.Clients;

/// <summary>Makes image manifests.</summary>
internal static class ImageManifest
{
    /// <summary>A manifest of these blobs, the first of which is the config.</summary>
    /// <param name="note">An annotation, which makes manifests of equal blobs differ.</param>
    /// <param name="blobs">Digests and sizes; at least one.</param>
    public static byte[] Of(string note, params IReadOnlyList<(Digest Digest, long SizeBytes)> blobs) =>
        JsonSerializer.SerializeToUtf8Bytes(new
    {
        schemaVersion = 2,
        mediaType = MediaTypes.OciImageManifest,
        config = Descriptor("application/vnd.oci.image.config.v1+json", blobs[0]),
        layers = blobs.Skip(1).Select(blob => Descriptor("application/vnd.oci.image.layer.v1.tar", blob)),
        annotations = new Dictionary<string, string> { ["note"] = note },
    });

    public static string NoteOf(byte[] manifest)
    {
        using var json = JsonDocument.Parse(Encoding.UTF8.GetString(manifest));
        return json.RootElement.GetProperty("annotations").GetProperty("note").GetString()!;
    }

    private static object Descriptor(string mediaType, (Digest Digest, long SizeBytes) blob) =>
        new { mediaType, digest = blob.Digest.ToString(), size = blob.SizeBytes };
}
