namespace GeoRegistry.Ledgers.Blobs;

/// <summary>A range of a blob as a stream, for stores that read from any offset.</summary>
/// <param name="read">Reads from an offset of the blob into a buffer: at least one byte, or 0 at the blob's end.</param>
/// <param name="offset">Where the range begins.</param>
/// <param name="lengthBytes">How many bytes it has.</param>
public sealed class BlobRangeStream(Func<long, Memory<byte>, CancellationToken, ValueTask<int>> read, long offset, long lengthBytes)
    : Stream
{
    private long _offset = offset;
    private long _leftBytes = lengthBytes;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

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

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Flush()
    {
    }
}
