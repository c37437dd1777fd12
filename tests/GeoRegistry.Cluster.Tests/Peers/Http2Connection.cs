using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace GeoRegistry.Cluster.Tests.Peers;

/// <summary>
/// The server's side of one HTTP/2 connection: as much of RFC 9113 as a test needs, and nothing that corrects what the
/// test sends.
/// </summary>
internal sealed class Http2Connection(Socket socket, Func<Http2Exchange, Task> answer)
{
    private const int PrefaceBytes = 24, FrameHeadBytes = 9;

    private readonly NetworkStream _stream = new(socket, ownsSocket: true);
    private readonly SemaphoreSlim _writing = new(1);
    private readonly Dictionary<int, Http2Exchange> _exchanges = [];

    public async Task RunAsync()
    {
        try
        {
            await _stream.ReadExactlyAsync(new byte[PrefaceBytes]);
            await SendAsync(FrameType.Settings, 0, 0, []);
            var block = new MemoryStream();
            while (true)
            {
                var (type, flags, id, payload) = await ReadFrameAsync();
                if (type == FrameType.Settings && (flags & Flag.Ack) == 0) await SendAsync(FrameType.Settings, Flag.Ack, 0, []);
                if (type == FrameType.Ping && (flags & Flag.Ack) == 0) await SendAsync(FrameType.Ping, Flag.Ack, 0, payload);
                if (type is FrameType.Headers or FrameType.Continuation) block.Write(payload);
                if (type is FrameType.Headers) _exchanges[id] = new Http2Exchange(this, id);
                if (type is FrameType.Headers or FrameType.Continuation && (flags & Flag.EndHeaders) != 0)
                {
                    _exchanges[id].Head = Encoding.Latin1.GetString(block.ToArray());
                    block.SetLength(0);
                    _ = AnswerAsync(_exchanges[id]);
                }

                if (type is FrameType.Headers or FrameType.Data && (flags & Flag.EndStream) != 0) _exchanges[id].BodyEnded();
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            Close();
        }
    }

    public async Task SendAsync(FrameType type, byte flags, int stream, byte[] payload)
    {
        var frame = new byte[FrameHeadBytes + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8 | (byte)type);
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame, FrameHeadBytes);
        await SendAsync(frame);
    }

    public async Task SendAsync(byte[] bytes)
    {
        await _writing.WaitAsync();
        try
        {
            await _stream.WriteAsync(bytes);
        }
        finally
        {
            _writing.Release();
        }
    }

    public void Close() => _stream.Dispose();

    private async Task AnswerAsync(Http2Exchange exchange)
    {
        try
        {
            await answer(exchange);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The other side has closed before the script was through.
        }
    }

    private async Task<(FrameType Type, byte Flags, int Stream, byte[] Payload)> ReadFrameAsync()
    {
        var head = new byte[FrameHeadBytes];
        await _stream.ReadExactlyAsync(head);
        var payload = new byte[BinaryPrimitives.ReadInt32BigEndian(head) >>> 8];
        await _stream.ReadExactlyAsync(payload);
        return ((FrameType)head[3], head[4], BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(5)), payload);
    }

    internal enum FrameType : byte
    {
        Data = 0,
        Headers = 1,
        Reset = 3,
        Settings = 4,
        Ping = 6,
        GoAway = 7,
        Continuation = 9,
    }

    internal static class Flag
    {
        public const byte EndStream = 1, Ack = 1, EndHeaders = 4;
    }
}
