using System.Net;
using System.Security.Cryptography;
using GeoRegistry.Protocol;

namespace GeoRegistry.Server.Tests.Load;

/// <summary>A large blob that is never in memory as a whole: one block repeated, after a number that makes blobs differ.</summary>
internal sealed class StreamedBlob(int number, long sizeBytes)
{
    private const int BlockBytes = 128 * 1024;

    private static readonly byte[] Block = MakeBlock();

    public Digest Digest { get; } = DigestOf(number, sizeBytes);

    public HttpContent ToContent() => new Content(number, sizeBytes);

    /// <summary>Reads a body to its end and computes its digest.</summary>
    public static async Task<Digest> ReadAsync(Stream body)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[BlockBytes];
        for (int read; (read = await body.ReadAsync(buffer)) > 0;) hash.AppendData(buffer, 0, read);
        return Digest.FromHash(DigestAlgorithm.Sha256, hash.GetHashAndReset());
    }

    private static byte[] MakeBlock()
    {
        var block = new byte[BlockBytes];
        new Random(1).NextBytes(block);
        return block;
    }

    private static IEnumerable<ReadOnlyMemory<byte>> Parts(int number, long sizeBytes)
    {
        yield return BitConverter.GetBytes(number);
        for (var rest = sizeBytes - sizeof(int); rest > 0; rest -= BlockBytes) yield return Block.AsMemory(
            0, (int)Math.Min(rest, BlockBytes));
    }

    private static Digest DigestOf(int number, long sizeBytes)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in Parts(number, sizeBytes)) hash.AppendData(part.Span);
        return Digest.FromHash(DigestAlgorithm.Sha256, hash.GetHashAndReset());
    }

    private sealed class Content(int number, long sizeBytes) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            foreach (var part in Parts(number, sizeBytes)) await stream.WriteAsync(part);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = sizeBytes;
            return true;
        }
    }
}
