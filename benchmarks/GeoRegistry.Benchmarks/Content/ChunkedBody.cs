using System.Text;

namespace GeoRegistry.Benchmarks.Content;

/// <summary>Bodies in chunked transfer encoding, framed before the clock runs.</summary>
/// <remarks>Chunks have 32 KiB, as the ones of docker and skopeo do.</remarks>
internal static class ChunkedBody
{
    private const int ChunkSizeBytes = 32 * 1024;

    /// <summary>A whole body.</summary>
    public static byte[] Whole(ReadOnlySpan<byte> content) => Encode(content, "0\r\n\r\n");

    /// <summary>A piece of a body, to be followed by others.</summary>
    public static byte[] Piece(ReadOnlySpan<byte> content) => Encode(content, "");

    private static byte[] Encode(ReadOnlySpan<byte> content, string end)
    {
        using var body = new MemoryStream(content.Length + content.Length / 1024 + 64);
        for (var offset = 0; offset < content.Length; offset += ChunkSizeBytes)
        {
            var chunk = content.Slice(offset, Math.Min(ChunkSizeBytes, content.Length - offset));
            body.Write(Encoding.ASCII.GetBytes($"{chunk.Length:x}\r\n"));
            body.Write(chunk);
            body.Write("\r\n"u8);
        }

        body.Write(Encoding.ASCII.GetBytes(end));
        return body.ToArray();
    }
}
