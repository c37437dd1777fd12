using System.IO.Pipelines;
using GeoRegistry.Replication.Peers;
using GeoRegistry.TestKit;

namespace GeoRegistry.Replication.Tests.Peers;

public sealed class DelayedStreamTests : IAsyncLifetime
{
    private static readonly TimeSpan Latency = TimeSpan.FromMilliseconds(40), Tick = TimeSpan.FromTicks(1);

    private readonly CountingTimeProvider _clock = new();
    private readonly Pipe _in = new(), _out = new();
    private readonly DelayedStream _stream;
    private readonly byte[] _buffer = new byte[16];

    public DelayedStreamTests() => _stream = new DelayedStream(
        new Connection(_in.Reader.AsStream(), _out.Writer.AsStream()), Latency, _clock);

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _stream.DisposeAsync().AsTask();

    [Fact]
    public async Task ReadAsync_Bytes_ArriveAfterTheLatency()
    {
        var read = _stream.ReadAsync(_buffer).AsTask();
        await _in.Writer.WriteAsync(new byte[] { 1, 2, 3 });
        await OnTheWayAsync();
        _clock.Advance(Latency - Tick);
        Assert.False(read.IsCompleted);
        _clock.Advance(Tick);

        Assert.Equal(3, await read.OrFail("the bytes"));
        Assert.Equal([1, 2, 3], _buffer[..3]);
    }

    [Fact]
    public async Task WriteAsync_Bytes_LeaveAfterTheLatency()
    {
        await _stream.WriteAsync(new byte[] { 1, 2, 3 });
        await OnTheWayAsync();
        _clock.Advance(Latency - Tick);
        Assert.False(_out.Reader.TryRead(out _));
        _clock.Advance(Tick);

        Assert.Equal(3, (await _out.Reader.ReadAsync().AsTask().OrFail("the bytes")).Buffer.Length);
    }

    [Fact]
    public async Task ReadAsync_SmallBuffer_GetsTheRestAtOnce()
    {
        var read = _stream.ReadAsync(_buffer.AsMemory(0, 2)).AsTask();
        await _in.Writer.WriteAsync(new byte[] { 1, 2, 3 });
        await OnTheWayAsync();
        _clock.Advance(Latency);

        Assert.Equal(2, await read.OrFail("the first bytes"));
        Assert.Equal(1, await _stream.ReadAsync(_buffer));
        Assert.Equal(3, _buffer[0]);
    }

    [Fact]
    public async Task ReadAsync_CancelledOnTheWay_TakesNothing()
    {
        using var stop = new CancellationTokenSource();
        var read = _stream.ReadAsync(_buffer, stop.Token).AsTask();
        await _in.Writer.WriteAsync(new byte[] { 1, 2, 3 });
        await OnTheWayAsync();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
        _clock.Advance(Latency);

        Assert.Equal(3, await _stream.ReadAsync(_buffer).AsTask().OrFail("the bytes"));
    }

    [Fact]
    public async Task ReadAsync_OtherEndIsDone_GivesTheRestAndThenTheEnd()
    {
        await _in.Writer.WriteAsync(new byte[] { 1 });
        await _in.Writer.CompleteAsync();
        var read = _stream.ReadAsync(_buffer).AsTask();
        await OnTheWayAsync();
        _clock.Advance(Latency);

        Assert.Equal(1, await read.OrFail("the byte"));
        Assert.Equal(0, await _stream.ReadAsync(_buffer).AsTask().OrFail("the end"));
    }

    [Fact]
    public async Task ReadAsync_ConnectionFails_FailsWithItsFault()
    {
        await _in.Writer.CompleteAsync(new IOException("reset"));

        Assert.Equal(
            "reset", (await Assert.ThrowsAsync<IOException>(() => _stream.ReadAsync(_buffer).AsTask().OrFail("the failure"))).Message);
    }

    [Fact]
    public async Task WriteAsync_AfterTheConnectionFailed_IsAnIOException()
    {
        await _out.Reader.CompleteAsync(new IOException("reset"));
        await _stream.WriteAsync(new byte[] { 1 });
        await OnTheWayAsync();
        _clock.Advance(Latency);
        await Assert.ThrowsAnyAsync<IOException>(() => _stream.ReadAsync(_buffer).AsTask().OrFail("the failure"));

        await Assert.ThrowsAnyAsync<IOException>(() => _stream.WriteAsync(new byte[] { 2 }).AsTask());
    }

    [Fact]
    public async Task DisposeAsync_WhileReading_EndsTheRead()
    {
        var read = _stream.ReadAsync(_buffer).AsTask();
        await _stream.DisposeAsync();

        Assert.NotNull(await Record.ExceptionAsync(() => read.OrFail("the end of the read")));
    }

    private Task OnTheWayAsync() => Waiting.UntilAsync("bytes are on the way", () => Task.FromResult(_clock.ActiveTimers == 1));

    private sealed class Connection(Stream input, Stream output) : Stream
    {
        public override bool CanRead => true;

        public override bool CanWrite => true;

        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            input.ReadAsync(buffer, cancellationToken);

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await output.WriteAsync(buffer, cancellationToken);
            await output.FlushAsync(cancellationToken);
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
