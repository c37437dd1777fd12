using System.Security.Cryptography;

namespace GeoRegistry.Benchmarks.Content;

/// <summary>Bytes and the digest that names them.</summary>
internal sealed record Blob(byte[] Content, string Digest)
{
    public static Blob Of(byte[] content) => new(content, "sha256:" + Convert.ToHexStringLower(SHA256.HashData(content)));

    /// <summary>Random bytes; the same seed gives the same bytes.</summary>
    public static Blob Random(int seed, int sizeBytes)
    {
        var content = new byte[sizeBytes];
        new Random(seed).NextBytes(content);
        return Of(content);
    }
}
