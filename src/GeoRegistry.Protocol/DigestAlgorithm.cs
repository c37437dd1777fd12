using System.Security.Cryptography;

namespace GeoRegistry.Protocol;

/// <summary>A hash algorithm that a digest can name; the values are part of stored formats and never change.</summary>
/// <remarks>Source: OCI Image Spec v1.1, descriptor.md §Registered Algorithms.</remarks>
public enum DigestAlgorithm : byte
{
    /// <summary>SHA-256: 32 bytes, 64 hexadecimal characters.</summary>
    Sha256 = 1,

    /// <summary>SHA-512: 64 bytes, 128 hexadecimal characters.</summary>
    Sha512 = 2,
}

/// <summary>What is known of each <see cref="DigestAlgorithm"/>.</summary>
public static class DigestAlgorithms
{
    /// <summary>Finds an algorithm by the name that digests use for it: <c>sha256</c> or <c>sha512</c>.</summary>
    /// <returns>Whether the name is one of these; any other is unsupported.</returns>
    public static bool TryParse(ReadOnlySpan<char> name, out DigestAlgorithm algorithm)
    {
        algorithm = name switch
        {
            "sha256" => DigestAlgorithm.Sha256,
            "sha512" => DigestAlgorithm.Sha512,
            _ => default,
        };
        return algorithm != default;
    }

    /// <summary>The name that digests use for the algorithm.</summary>
    public static string Name(this DigestAlgorithm algorithm) => algorithm switch
    {
        DigestAlgorithm.Sha256 => "sha256",
        DigestAlgorithm.Sha512 => "sha512",
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, "No such digest algorithm."),
    };

    /// <summary>The length of a hash, in bytes.</summary>
    public static int HashSizeBytes(this DigestAlgorithm algorithm) => algorithm == DigestAlgorithm.Sha512 ? 64 : 32;

    /// <summary>The platform's name of the algorithm.</summary>
    public static HashAlgorithmName HashName(this DigestAlgorithm algorithm) =>
        algorithm == DigestAlgorithm.Sha512 ? HashAlgorithmName.SHA512 : HashAlgorithmName.SHA256;
}
