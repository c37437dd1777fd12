using System.Buffers;
using System.Security.Cryptography;

namespace GeoRegistry.Ledgers.Blobs;

/// <summary>What can be done with any upload.</summary>
public static class BlobUploads
{
    /// <summary>How much is read at a time: one request of an object store.</summary>
    private const int BufferBytes = 1024 * 1024;

    /// <summary>
    /// Adds all bytes of an upload to a hash, as the store has them: for what was appended before a restart, or removed.
    /// </summary>
    /// <param name="upload">The upload; it is flushed first, as only flushed bytes can be read back.</param>
    /// <param name="hash">The hash, to which nothing was added yet.</param>
    /// <param name="cancellation">Cancels the call; the hash is of no use then.</param>
    /// <exception cref="EndOfStreamException">The upload is shorter than its store says.</exception>
    public static async Task HashAsync(this IBlobUpload upload, IncrementalHash hash, CancellationToken cancellation = default)
    {
        await upload.FlushAsync(cancellation).ConfigureAwait(false);
        await upload.ReadRangeAsync(0, upload.FlushedBytes, bytes => Add(hash, bytes), cancellation).ConfigureAwait(false);
    }

    /// <summary>Reads a range of an upload's flushed bytes, a buffer at a time.</summary>
    /// <param name="upload">The upload.</param>
    /// <param name="from">The first byte's offset.</param>
    /// <param name="to">The offset after the last byte, at most <see cref="IBlobUpload.FlushedBytes"/>.</param>
    /// <param name="take">Takes each part, in order; its memory is used again for the next.</param>
    /// <exception cref="EndOfStreamException">The upload is shorter than its store says.</exception>
    public static async Task ReadRangeAsync(
        this IBlobUpload upload, long from, long to, Func<ReadOnlyMemory<byte>, ValueTask> take, CancellationToken cancellation = default)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            while (from < to)
            {
                var part = buffer.AsMemory(0, (int)Math.Min(BufferBytes, to - from));
                await upload.ReadExactlyAsync(from, part, cancellation).ConfigureAwait(false);
                await take(part).ConfigureAwait(false);
                from += part.Length;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Reads an upload's flushed bytes until a buffer is full.</summary>
    /// <param name="upload">The upload.</param>
    /// <param name="from">The first byte's offset.</param>
    /// <param name="buffer">Where they go; they end at <see cref="IBlobUpload.FlushedBytes"/> at most.</param>
    /// <exception cref="EndOfStreamException">The upload is shorter than its store says.</exception>
    public static async ValueTask ReadExactlyAsync(
        this IBlobUpload upload, long from, Memory<byte> buffer, CancellationToken cancellation = default)
    {
        while (buffer.Length > 0)
        {
            var read = await upload.ReadAsync(from, buffer, cancellation).ConfigureAwait(false);
            if (read == 0) throw new EndOfStreamException("The upload is shorter than the store says.");
            (from, buffer) = (from + read, buffer[read..]);
        }
    }

    private static ValueTask Add(IncrementalHash hash, ReadOnlyMemory<byte> bytes)
    {
        hash.AppendData(bytes.Span);
        return default;
    }
}
