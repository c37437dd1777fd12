using System.Security.Cryptography;

namespace GeoRegistry.Benchmarks.Content;

/// <summary>A blob of 100 MiB of which only one MiB is held: the same MiB repeated, then one with a tail of its own.</summary>
internal sealed class HugeBlob
{
    public const int SizeBytes = 100 * PieceSizeBytes;

    private const int PieceSizeBytes = 1024 * 1024;
    private const int SharedPieces = SizeBytes / PieceSizeBytes - 1;

    private HugeBlob(string digest, ReadOnlyMemory<byte>[] body) => (Digest, Body) = (digest, body);

    public string Digest { get; }

    /// <summary>The content in chunked transfer encoding.</summary>
    public ReadOnlyMemory<byte>[] Body { get; }

    /// <summary>Makes distinct blobs that share all but their last MiB.</summary>
    public static HugeBlob[] Create(int seed, int count)
    {
        var random = new Random(seed);
        var piece = new byte[PieceSizeBytes];
        random.NextBytes(piece);
        ReadOnlyMemory<byte> framed = ChunkedBody.Piece(piece);
        var blobs = new HugeBlob[count];
        for (var i = 0; i < count; i++)
        {
            var last = piece.ToArray();
            random.NextBytes(last.AsSpan(^64..));
            ReadOnlyMemory<byte>[] body = [.. Enumerable.Repeat(framed, SharedPieces), ChunkedBody.Whole(last)];
            blobs[i] = new HugeBlob(DigestOf(piece, last), body);
        }

        return blobs;
    }

    private static string DigestOf(byte[] piece, byte[] last)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var i = 0; i < SharedPieces; i++) hash.AppendData(piece);
        hash.AppendData(last);
        return "sha256:" + Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
