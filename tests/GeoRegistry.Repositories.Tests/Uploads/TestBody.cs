namespace GeoRegistry.Repositories.Tests.Uploads;

/// <summary>A request body that gives some bytes, then does what its end is: waits, then goes on, or breaks off.</summary>
internal sealed class TestBody(byte[] first, Func<CancellationToken, Task<byte[]>> rest) : Stream
{
    private readonly TaskCompletionSource _firstRead = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private byte[] _pending = first;
    private bool _restTaken;

    /// <summary>Comes once all of the first bytes were read and more is asked for.</summary>
    public Task FirstRead => _firstRead.Task;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>A client that goes away after some bytes.</summary>
    public static TestBody BreakingAfter(byte[] first) => new(first, _ => throw new IOException("The client went away."));

    /// <summary>A client that sends the rest when it is told to.</summary>
    public static TestBody PausingAfter(byte[] first, Task<byte[]> rest) => new(first, cancellation => rest.WaitAsync(cancellation));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_pending.Length == 0 && !_restTaken)
        {
            _firstRead.TrySetResult();
            _restTaken = true;
            _pending = await rest(cancellationToken);
        }

        var count = Math.Min(buffer.Length, _pending.Length);
        _pending.AsMemory(0, count).CopyTo(buffer);
        _pending = _pending[count..];
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Bodies are read asynchronously.");

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
