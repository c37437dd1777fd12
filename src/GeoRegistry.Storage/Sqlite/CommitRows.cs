using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace GeoRegistry.Storage.Sqlite;

/// <summary>The rows of kept commits.</summary>
internal static class CommitRows
{
    /// <summary>
    /// The checksum that a commit's row carries: over all its other columns. The chain of checksums alone does not cover
    /// the oldest commit that is kept.
    /// </summary>
    public static byte[] ChecksumOf(
        string region,
        long position,
        long ledger,
        long number,
        ReadOnlySpan<byte> checksum,
        ReadOnlySpan<byte> encoded,
        byte[]? write)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> numbers = stackalloc byte[4 * sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(numbers, position);
        BinaryPrimitives.WriteInt64BigEndian(numbers[sizeof(long)..], ledger);
        BinaryPrimitives.WriteInt64BigEndian(numbers[(2 * sizeof(long))..], number);
        BinaryPrimitives.WriteInt64BigEndian(numbers[(3 * sizeof(long))..], write?.Length ?? -1);
        hash.AppendData(numbers);
        hash.AppendData(write ?? []);
        hash.AppendData(checksum);
        hash.AppendData(Encoding.UTF8.GetBytes($"{region}\n"));
        hash.AppendData(encoded);
        return hash.GetHashAndReset();
    }
}
