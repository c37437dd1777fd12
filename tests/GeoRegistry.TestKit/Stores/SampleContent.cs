using System.Text;
using System.Text.Json.Nodes;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Manifests;

namespace GeoRegistry.TestKit.Stores;

/// <summary>A blob for tests.</summary>
public sealed record SampleBlob(byte[] Content)
{
    public Digest Digest { get; } = Digest.Of(Content);

    public long SizeBytes => Content.Length;

    public static SampleBlob Of(string text) => new(Encoding.UTF8.GetBytes(text));

    /// <summary>Bytes that no compression or accident repeats.</summary>
    public static SampleBlob Random(int seed, int sizeBytes)
    {
        var content = new byte[sizeBytes];
        new Random(seed).NextBytes(content);
        return new SampleBlob(content);
    }
}

/// <summary>Manifests for tests, made and read as a client's would be.</summary>
public static class SampleManifests
{
    public const string ArtifactConfigType = "application/vnd.example.config.v1+json";
    public const string LayerType = "application/vnd.oci.image.layer.v1.tar";

    /// <summary>An image with a config of its own and these layers.</summary>
    /// <param name="name">Makes it differ from others.</param>
    /// <param name="subject">The manifest it refers to.</param>
    /// <param name="artifactType">Its artifact type; null for none.</param>
    /// <param name="layers">Its layers.</param>
    public static Manifest Image(string name, Digest? subject = null, string? artifactType = null, params IReadOnlyList<SampleBlob> layers)
    {
        var config = SampleBlob.Of($"config of {name}");
        var json = new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = MediaTypes.OciImageManifest,
            ["config"] = Descriptor(config.Digest, config.SizeBytes, ArtifactConfigType),
            ["layers"] = new JsonArray([.. layers.Select(layer => Descriptor(layer.Digest, layer.SizeBytes, LayerType))]),
        };
        if (artifactType is not null) json["artifactType"] = artifactType;
        if (subject is { } digest) json["subject"] = Descriptor(digest, 2, MediaTypes.OciImageManifest);
        return Read(json, MediaTypes.OciImageManifest);
    }

    /// <summary>The config that <see cref="Image"/> gives the image of this name.</summary>
    public static SampleBlob ConfigOf(string name) => SampleBlob.Of($"config of {name}");

    /// <summary>An index of manifests.</summary>
    public static Manifest Index(params IReadOnlyList<Manifest> children) => Read(
        new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = MediaTypes.OciImageIndex,
            ["manifests"] = new JsonArray([.. children.Select(child => Descriptor(child.Digest, child.Content.Length, child.MediaType))]),
        },
        MediaTypes.OciImageIndex);

    /// <summary>A manifest of exactly this many bytes.</summary>
    public static Manifest OfSize(int sizeBytes)
    {
        var empty = WithPadding("").ToJsonString().Length;
        return Read(WithPadding(new string('x', sizeBytes - empty)), MediaTypes.OciImageIndex);

        static JsonObject WithPadding(string padding) =>
            new() { ["schemaVersion"] = 2, ["manifests"] = new JsonArray(), ["padding"] = padding };
    }

    /// <summary>
    /// One image whose bytes name no media type and list a blob outside the layers: it reads as an image, which does not have
    /// the blob, and as another type, which has it.
    /// </summary>
    public static Manifest TwoFaced(string mediaType, SampleBlob config, SampleBlob hidden) => Read(
        new JsonObject
        {
            ["schemaVersion"] = 2,
            ["config"] = Descriptor(config.Digest, config.SizeBytes, ArtifactConfigType),
            ["layers"] = new JsonArray(),
            ["blobs"] = new JsonArray(Descriptor(hidden.Digest, hidden.SizeBytes, LayerType)),
        },
        mediaType);

    public static Manifest Read(JsonNode json, string? mediaType, DigestAlgorithm algorithm = DigestAlgorithm.Sha256)
    {
        var content = Encoding.UTF8.GetBytes(json.ToJsonString());
        return ManifestReader.Read(content, mediaType, Digest.Of(content, algorithm)) switch
        {
            ManifestReading.Accepted accepted => accepted.Manifest,
            ManifestReading.Rejected rejected => throw new InvalidOperationException(rejected.Reason),
            _ => throw new InvalidOperationException("A manifest is accepted or rejected."),
        };
    }

    public static JsonObject Descriptor(Digest digest, long sizeBytes, string mediaType) => new()
    {
        ["mediaType"] = mediaType,
        ["digest"] = digest.ToString(),
        ["size"] = sizeBytes,
    };
}
