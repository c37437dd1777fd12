using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace GeoRegistry.Protocol.Manifests;

/// <summary>What <see cref="ManifestReader"/> found in a manifest's JSON.</summary>
internal sealed class ManifestFields
{
    // Media types are written in it as they were pushed: scripts look for them as text, and a plus sign needs no escape.
    private static readonly JsonWriterOptions AsPushed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public required IReadOnlyList<ContentReference> References { get; init; }

    public Digest? Subject { get; init; }

    public string? ArtifactType { get; init; }

    /// <summary>The <c>annotations</c> object as it is written in the manifest, or null.</summary>
    public byte[]? Annotations { get; init; }

    /// <summary>The descriptor of this manifest in a referrers list.</summary>
    /// <remarks>Source: OCI Distribution Spec v1.1 §Listing Referrers.</remarks>
    public ReadOnlyMemory<byte> DescriptorOf(Digest digest, string mediaType, int sizeBytes)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, AsPushed))
        {
            json.WriteStartObject();
            json.WriteString("mediaType"u8, mediaType);
            json.WriteString("digest"u8, digest.ToString());
            json.WriteNumber("size"u8, sizeBytes);
            if (ArtifactType is not null) json.WriteString("artifactType"u8, ArtifactType);
            if (Annotations is not null)
            {
                json.WritePropertyName("annotations"u8);
                json.WriteRawValue(Annotations, skipInputValidation: true);
            }

            json.WriteEndObject();
        }

        return buffer.WrittenMemory.ToArray();
    }
}
