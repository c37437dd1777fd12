using System.Threading.Channels;

namespace GeoRegistry.Replication.Peers;

/// <summary>A connection on which everything arrives later, each way, as if the other end were far: for demonstrations.</summary>
internal sealed class DelayedStream : Stream
{
    /// <summary>How many pieces may be on the way in each direction: bounds memory, and with it throughput, generously.</summary>
    private const int MaxPieces = 1024;

    private const int PieceBytes = 64 * 1024;

    private readonly Stream _inner;
    private readonly TimeSpan _latency;
    private readonly TimeProvider _clock;
    private readonly Channel<(long Due, ReadOnlyMemory<byte> Bytes)> _arriving = NewChannel();
    private readonly Channel<(long Due, ReadOnlyMemory<byte> Bytes)> _leaving = NewChannel();
    private readonly CancellationTokenSource _ended = new();
    private ReadOnlyMemory<byte> _rest;

    public DelayedStream(Stream inner, TimeSpan latency, TimeProvider clock)
    {
        _inner = inner;
        _latency = latency;
        _clock = clock;
        _ = ReceiveAsync();
        _ = SendAsync();
    }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_rest.IsEmpty)
        {
            if (buffer.IsEmpty || !await _arriving.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false)) return 0;
            _arriving.Reader.TryPeek(out var piece);
            await UntilAsync(piece.Due, cancellationToken).ConfigureAwait(false);
            _arriving.Reader.TryRead(out piece); // Not before it is due: a read that was cancelled has taken nothing.
            _rest = piece.Bytes;
        }

        var count = Math.Min(buffer.Length, _rest.Length);
        _rest[..count].CopyTo(buffer);
        _rest = _rest[count..];
        return count;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            await _leaving.Writer.WriteAsync((Due(), buffer.ToArray()), cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException e)
        {
            throw new IOException("The connection is gone.", e);
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (!disposing) return;
        _ended.Cancel();
        _inner.Dispose();
        base.Dispose(disposing);
    }

    private async Task ReceiveAsync()
    {
        try
        {
            while (true)
            {
                var piece = new byte[PieceBytes];
                var count = await _inner.ReadAsync(piece, _ended.Token).ConfigureAwait(false);
                if (count == 0) break;
                await _arriving.Writer.WriteAsync((Due(), piece.AsMemory(0, count)), _ended.Token).ConfigureAwait(false);
            }

            _arriving.Writer.TryComplete();
        }
        catch (Exception e)
        {
            _arriving.Writer.TryComplete(e);
        }
    }

    private async Task SendAsync()
    {
        try
        {
            await foreach (var (due, bytes) in _leaving.Reader.ReadAllAsync(_ended.Token).ConfigureAwait(false))
            {
                await UntilAsync(due, _ended.Token).ConfigureAwait(false);
                await _inner.WriteAsync(bytes, _ended.Token).ConfigureAwait(false);
            }
        }
        catch (Exception e)
        {
            _leaving.Writer.TryComplete(e);
            _arriving.Writer.TryComplete(e);
        }
    }

    private long Due() => _clock.GetTimestamp() + (long)(_latency.TotalSeconds * _clock.TimestampFrequency);

    private Task UntilAsync(long due, CancellationToken cancellation)
    {
        var left = _clock.GetElapsedTime(_clock.GetTimestamp(), due);
        return left > TimeSpan.Zero ? Task.Delay(left, _clock, cancellation) : Task.CompletedTask;
    }

    private static Channel<(long Due, ReadOnlyMemory<byte> Bytes)> NewChannel() =>
        Channel.CreateBounded<(long Due, ReadOnlyMemory<byte> Bytes)>(MaxPieces);
}
