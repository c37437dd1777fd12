using System.Buffers;
using System.IO.Pipelines;
using GeoRegistry.Ledgers.Transport;

namespace GeoRegistry.Balancer.Forwarding;

/// <summary>A request's body as it arrives, whose beginning is kept so that a short one can be sent again to another region.</summary>
/// <remarks>
/// A read that is cancelled leaves the client's connection as it was, so that an answer can still be given, or the rest be read:
/// the server's own stream would take the body for being read for ever.
/// </remarks>
internal sealed class ReplayableBody(PipeReader source) : ReadOnlyStream
{
    /// <summary>
    /// How much is kept, in KiB: nearly every manifest. Larger bodies follow requests without one, by which the entrance
    /// learns where they may go.
    /// </summary>
    public const int MaxKeptKiB = 64;

    private byte[]? _kept = [];
    private int _keptBytes, _position;

    /// <summary>Whether all that was read so far can be read again.</summary>
    public bool CanReplay => _kept is not null;

    /// <summary>Whether nothing was read so far: then no region can have done what the request asks for.</summary>
    public bool IsUntouched { get; private set; } = true;

    /// <summary>Whether the last read ended because its caller did not wait for the client any longer.</summary>
    public bool IsClientIdle { get; private set; }

    /// <summary>Begins again with the first byte.</summary>
    public void Replay()
    {
        if (!CanReplay) throw new InvalidOperationException("More of the body was read than is kept.");
        (_position, IsClientIdle) = (0, false);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_position < _keptBytes)
        {
            var again = Math.Min(_keptBytes - _position, buffer.Length);
            _kept.AsMemory(_position, again).CopyTo(buffer);
            _position += again;
            return again;
        }

        while (true)
        {
            var read = await ReadSourceAsync(cancellationToken);
            var piece = read.Buffer.Slice(0, Math.Min(read.Buffer.Length, buffer.Length));
            piece.CopyTo(buffer.Span);
            var count = (int)piece.Length;
            source.AdvanceTo(piece.End);
            if (count == 0 && read.IsCanceled)
            {
                IsClientIdle = cancellationToken.IsCancellationRequested;
                cancellationToken.ThrowIfCancellationRequested();
                continue; // The end of an earlier read came too late for it.
            }

            IsUntouched = false;
            Keep(buffer.Span[..count]);
            return count;
        }
    }

    /// <summary>Gives back the memory of what was kept.</summary>
    protected override void Dispose(bool disposing)
    {
        if (disposing) DropKept();
        base.Dispose(disposing);
    }

    private async ValueTask<ReadResult> ReadSourceAsync(CancellationToken cancellation)
    {
        var reading = source.ReadAsync(CancellationToken.None);
        if (reading.IsCompleted) return await reading;
        await using var registration = cancellation.UnsafeRegister(reader => ((PipeReader)reader!).CancelPendingRead(), source);
        return await reading;
    }

    private void Keep(ReadOnlySpan<byte> piece)
    {
        if (_kept is null || piece.IsEmpty) return;
        if (_keptBytes + piece.Length > MaxKeptKiB * 1024)
        {
            DropKept();
            return;
        }

        if (_kept.Length == 0) _kept = ArrayPool<byte>.Shared.Rent(MaxKeptKiB * 1024);
        piece.CopyTo(_kept.AsSpan(_keptBytes));
        _position = _keptBytes += piece.Length;
    }

    private void DropKept()
    {
        if (_kept is { Length: > 0 }) ArrayPool<byte>.Shared.Return(_kept);
        (_kept, _keptBytes, _position) = (null, 0, 0);
    }
}
