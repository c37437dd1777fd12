using System.Security.Cryptography;
using System.Text.Json;

namespace GeoRegistry.Clients.Tests.Images;

internal sealed record OciDescriptor(string Digest, long SizeBytes, string? Platform);

// A manifest or an index as its exact bytes, with what it names.
internal sealed record OciManifest(string Digest, byte[] Bytes, IReadOnlyList<OciDescriptor> Blobs, IReadOnlyList<OciDescriptor> Children)
{
    // As the index that names it says; null for a root.
    public string? Platform { get; init; }

    public string MediaType
    {
        get
        {
            using var json = JsonDocument.Parse(Bytes);
            if (json.RootElement.TryGetProperty("mediaType", out var type)) return type.GetString()!;
            return Children.Count > 0 ? "application/vnd.oci.image.index.v1+json" : "application/vnd.oci.image.manifest.v1+json";
        }
    }

    public OciDescriptor Config => Blobs[0];

    // What an index says of its children, in an order that does not depend on who wrote it.
    public IEnumerable<(string Digest, string? Platform)> ChildrenByDigest =>
        Children.Select(child => (child.Digest, child.Platform)).Order();

    public IEnumerable<OciDescriptor> Layers => Blobs.Skip(1);

    public static OciManifest Parse(byte[] bytes)
    {
        using var json = JsonDocument.Parse(bytes);
        var root = json.RootElement;
        List<OciDescriptor> blobs = [];
        if (root.TryGetProperty("config", out var config)) blobs.Add(ReadDescriptor(config));
        if (root.TryGetProperty("layers", out var layers)) blobs.AddRange(layers.EnumerateArray().Select(ReadDescriptor));
        IReadOnlyList<OciDescriptor> children =
            root.TryGetProperty("manifests", out var manifests) ? [.. manifests.EnumerateArray().Select(ReadDescriptor)] : [];
        return new($"sha256:{Convert.ToHexStringLower(SHA256.HashData(bytes))}", bytes, blobs, children);
    }

    private static OciDescriptor ReadDescriptor(JsonElement json) => new(
        json.GetProperty("digest").GetString()!,
        json.GetProperty("size").GetInt64(),
        json.TryGetProperty("platform", out var platform)
            ? $"{platform.GetProperty("os").GetString()}/{platform.GetProperty("architecture").GetString()}"
            : null);
}
