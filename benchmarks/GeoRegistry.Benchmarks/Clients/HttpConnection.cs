using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace GeoRegistry.Benchmarks.Clients;

/// <summary>A kept-alive HTTP/1.1 connection on a blocking socket: the least that a client can cost.</summary>
/// <remarks>One request at a time, from one thread. It connects again where the server asked to close.</remarks>
internal sealed class HttpConnection : IDisposable
{
    private const int BufferSizeBytes = 256 * 1024;
    private const int TimeoutMilliseconds = 300_000;

    private readonly IPEndPoint _address;
    private readonly byte[] _out = new byte[64 * 1024];
    private readonly byte[] _in = new byte[BufferSizeBytes];
    private Socket _socket;
    private int _start;
    private int _end;

    public HttpConnection(IPEndPoint address)
    {
        _address = address;
        _socket = Connect(address);
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>Sends a request and throws the answer's body away.</summary>
    public HttpAnswer Send(string method, string target, string headers = "", params ReadOnlySpan<ReadOnlyMemory<byte>> body)
    {
        var answer = Exchange(method, target, headers, body);
        if (HasBody(method, answer)) Discard(answer);
        Finish(answer);
        return answer;
    }

    /// <summary>Gets a whole body.</summary>
    public (HttpAnswer Answer, byte[] Body) Get(string target, string headers = "")
    {
        var answer = Exchange("GET", target, headers, []);
        using var body = new MemoryStream();
        if (HasBody("GET", answer)) Read(answer, body);
        Finish(answer);
        return (answer, body.ToArray());
    }

    private static Socket Connect(IPEndPoint address)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            NoDelay = true,
            SendTimeout = TimeoutMilliseconds,
            ReceiveTimeout = TimeoutMilliseconds,
        };
        socket.Connect(address);
        return socket;
    }

    private static bool HasBody(string method, HttpAnswer answer) => method != "HEAD" && answer.Status is not (204 or 304);

    private HttpAnswer Exchange(string method, string target, string headers, ReadOnlySpan<ReadOnlyMemory<byte>> body)
    {
        SendAll($"{method} {target} HTTP/1.1\r\nHost: {_address}\r\n{headers}\r\n", body);
        int length;
        while ((length = _in.AsSpan(_start, _end - _start).IndexOf("\r\n\r\n"u8)) < 0) Fill();
        var answer = HttpAnswer.Parse(_in.AsSpan(_start, length));
        _start += length + 4;
        return answer;
    }

    // What is small goes out with the head in one call, as a buffering client would send it.
    private void SendAll(string head, ReadOnlySpan<ReadOnlyMemory<byte>> body)
    {
        var used = Encoding.ASCII.GetBytes(head, _out);
        foreach (var piece in body)
        {
            var rest = piece.Span;
            var fits = Math.Min(rest.Length, _out.Length - used);
            rest[..fits].CopyTo(_out.AsSpan(used));
            used += fits;
            if (fits == rest.Length) continue;
            _socket.Send(_out.AsSpan(0, used));
            _socket.Send(rest[fits..]);
            used = 0;
        }

        if (used > 0) _socket.Send(_out.AsSpan(0, used));
    }

    private void Fill()
    {
        if (_start == _end) _start = _end = 0;
        if (_end == _in.Length)
        {
            if (_start == 0) throw new IOException("The head of the answer is too long.");
            _in.AsSpan(_start, _end - _start).CopyTo(_in);
            (_start, _end) = (0, _end - _start);
        }

        var count = _socket.Receive(_in.AsSpan(_end));
        if (count == 0) throw new IOException($"The server at {_address} closed the connection.");
        _end += count;
    }

    private void Discard(HttpAnswer answer)
    {
        if (answer.ContentLength is not { } rest)
        {
            Read(answer, Stream.Null);
            return;
        }

        var buffered = (int)Math.Min(rest, _end - _start);
        _start += buffered;
        rest -= buffered;
        while (rest > 0)
        {
            // On Linux, a TCP receive with MSG_TRUNC drops the bytes without copying them.
            var count = _socket.Receive(_in.AsSpan(0, (int)Math.Min(rest, _in.Length)), SocketFlags.Truncated);
            if (count == 0) throw new IOException($"The server closed the connection {rest} bytes too early.");
            rest -= count;
        }
    }

    private void Read(HttpAnswer answer, Stream body)
    {
        if (!answer.IsChunked)
        {
            Copy(answer.ContentLength ?? throw new IOException("The answer has no length."), body);
            return;
        }

        int size;
        while ((size = int.Parse(ReadLine(), NumberStyles.HexNumber, CultureInfo.InvariantCulture)) > 0)
        {
            Copy(size, body);
            ReadLine();
        }

        ReadLine();
    }

    private string ReadLine()
    {
        int length;
        while ((length = _in.AsSpan(_start, _end - _start).IndexOf("\r\n"u8)) < 0) Fill();
        var line = Encoding.ASCII.GetString(_in, _start, length);
        _start += length + 2;
        return line;
    }

    private void Copy(long count, Stream body)
    {
        while (count > 0)
        {
            if (_start == _end) Fill();
            var part = (int)Math.Min(count, _end - _start);
            body.Write(_in, _start, part);
            _start += part;
            count -= part;
        }
    }

    private void Finish(HttpAnswer answer)
    {
        if (!answer.Closes) return;
        _socket.Dispose();
        _socket = Connect(_address);
        _start = _end = 0;
    }
}
