using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace GeoRegistry.FrontDoor.Tests.Content;

/// <summary>Content with its digests, computed here and not by the code under test.</summary>
internal sealed record Blob(byte[] Bytes, string MediaType)
{
    public string Digest => DigestOf(Bytes);

    public string Sha512 => $"sha512:{Convert.ToHexStringLower(SHA512.HashData(Bytes))}";

    public static Blob Of(string text, string mediaType = Content.MediaType.Layer) => new(Encoding.UTF8.GetBytes(text), mediaType);

    public static Blob Random(int sizeBytes = 512) => new(RandomNumberGenerator.GetBytes(sizeBytes), Content.MediaType.Layer);

    public static Blob Config() =>
        Of("""{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}""", Content.MediaType.Config);

    public static string DigestOf(ReadOnlySpan<byte> bytes) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(bytes))}";

    /// <summary>A digest of content that nobody has.</summary>
    public static string UnknownDigest() => Random().Digest;

    public JsonObject Descriptor() => Content.Descriptor.Of(MediaType, Digest, Bytes.Length);
}

/// <summary>Descriptors as JSON, to be changed by tests that need them wrong.</summary>
internal static class Descriptor
{
    public static JsonObject Of(string mediaType, string digest, long size) =>
        new() { ["mediaType"] = mediaType, ["digest"] = digest, ["size"] = size };
}
