using GeoRegistry.Protocol;

namespace GeoRegistry.Ledgers.Stores;

/// <summary>Digests as databases have them: the algorithm's byte, then the hash.</summary>
public static class DigestKeys
{
    /// <summary>The key of a digest.</summary>
    public static byte[] ToKey(this Digest digest) => [(byte)digest.Algorithm, .. digest.ToHash()];

    /// <summary>The digest of a key.</summary>
    /// <exception cref="Exception">The key is none: the row is damaged.</exception>
    public static Digest FromKey(byte[] key) => Digest.FromHash((DigestAlgorithm)key[0], key.AsSpan(1));
}
