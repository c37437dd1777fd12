using GeoRegistry.Protocol;

namespace GeoRegistry.Storage.Sqlite;

/// <summary>Digests as the database has them: the algorithm's byte, then the hash.</summary>
internal static class DigestKeys
{
    public static byte[] ToKey(this Digest digest) => [(byte)digest.Algorithm, .. digest.ToHash()];

    public static Digest FromKey(byte[] key) => Digest.FromHash((DigestAlgorithm)key[0], key.AsSpan(1));
}
