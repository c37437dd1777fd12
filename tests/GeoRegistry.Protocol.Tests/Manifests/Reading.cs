using System.Text;
using GeoRegistry.Protocol.Manifests;

namespace GeoRegistry.Protocol.Tests.Manifests;

/// <summary>Reads manifests that are written as JSON text.</summary>
internal static class Reading
{
    public const string Digest1 = "sha256:1111111111111111111111111111111111111111111111111111111111111111";
    public const string Digest2 = "sha256:2222222222222222222222222222222222222222222222222222222222222222";
    public const string Config = $$"""{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{{Digest1}}","size":10}""";
    public const string Layer = $$"""{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"{{Digest2}}","size":20}""";

    public static Manifest Accept(string json, string? contentType)
    {
        var reading = Read(json, contentType);
        return reading is ManifestReading.Accepted accepted ? accepted.Manifest : throw new InvalidOperationException($"{reading}");
    }

    /// <summary>Why it is refused.</summary>
    public static string Reject(string json, string? contentType) =>
        Assert.IsType<ManifestReading.Rejected>(Read(json, contentType)).Reason;

    public static ManifestReading Read(string json, string? contentType) => Read(Encoding.UTF8.GetBytes(json), contentType);

    public static ManifestReading Read(byte[] content, string? contentType) =>
        ManifestReader.Read(content, contentType, Digest.Of(content));

    public static ManifestReading ReadPushed(string json, string? contentType)
    {
        var content = Encoding.UTF8.GetBytes(json);
        return ManifestReader.ReadPushed(content, contentType, Digest.Of(content));
    }

    /// <summary>An image with further fields.</summary>
    public static string Image(string furtherFields = "") =>
        $$"""{"schemaVersion":2,"config":{{Config}},"layers":[{{Layer}}]{{furtherFields}}}""";

    /// <summary>An image whose only layer is this.</summary>
    public static string ImageOfLayer(string layer) => $$"""{"schemaVersion":2,"config":{{Config}},"layers":[{{layer}}]}""";

    /// <summary>An index with further fields.</summary>
    public static string Index(string furtherFields = "") => $$"""{"schemaVersion":2,"manifests":[{{Layer}}]{{furtherFields}}}""";
}
