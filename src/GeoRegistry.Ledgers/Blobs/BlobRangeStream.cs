using GeoRegistry.Ledgers.Transport;

namespace GeoRegistry.Ledgers.Blobs;

/// <summary>A range of a blob as a stream, for stores that read from any offset.</summary>
/// <param name="read">Reads from an offset of the blob into a buffer: at least one byte, or 0 at the blob's end.</param>
/// <param name="offset">Where the range begins.</param>
/// <param name="lengthBytes">How many bytes it has.</param>
public sealed class BlobRangeStream(Func<long, Memory<byte>, CancellationToken, ValueTask<int>> read, long offset, long lengthBytes)
    : ReadOnlyStream
{
    private long _offset = offset;
    private long _leftBytes = lengthBytes;

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var wanted = (int)Math.Min(buffer.Length, _leftBytes);
        if (wanted == 0) return 0;
        var count = await read(_offset, buffer[..wanted], cancellationToken).ConfigureAwait(false);
        _offset += count;
        _leftBytes -= count;
        return count;
    }
}
