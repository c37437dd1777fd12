using System.Buffers;
using System.Security.Cryptography;

namespace GeoRegistry.Ledgers.Blobs;

/// <summary>What can be done with any upload.</summary>
public static class BlobUploads
{
    private const int BufferBytes = 256 * 1024;

    /// <summary>Adds all bytes of an upload to a hash, as the store has them: for what was appended before a restart, or taken back.</summary>
    /// <param name="upload">The upload.</param>
    /// <param name="hash">The hash, to which nothing was added yet.</param>
    /// <param name="cancellation">Gives up; the hash is of no use then.</param>
    /// <exception cref="EndOfStreamException">The upload is shorter than its store says.</exception>
    public static async Task HashAsync(this IBlobUpload upload, IncrementalHash hash, CancellationToken cancellation = default)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            for (var hashed = 0L; hashed < upload.SizeBytes;)
            {
                var read = await upload.ReadAsync(hashed, buffer.AsMemory(0, BufferBytes), cancellation).ConfigureAwait(false);
                if (read == 0) throw new EndOfStreamException("The upload is shorter than the store says.");
                hash.AppendData(buffer, 0, read);
                hashed += read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
