using GeoRegistry.TestKit;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace GeoRegistry.FrontDoor.Tests.Wire;

/// <summary>One TCP connection, for requests that are broken off, slow, too large or oddly spelled.</summary>
internal sealed class RawConnection : IAsyncDisposable
{
    private readonly TcpClient _tcp;
    private readonly NetworkStream _stream;

    private RawConnection(TcpClient tcp) => (_tcp, _stream) = (tcp, tcp.GetStream());

    public static async Task<RawConnection> OpenAsync(Uri address)
    {
        var tcp = new TcpClient { NoDelay = true };
        await tcp.ConnectAsync(address.Host, address.Port);
        return new RawConnection(tcp);
    }

    public Task WriteAsync(string text) => WriteAsync(Encoding.Latin1.GetBytes(text));

    public async Task WriteAsync(byte[] bytes) => await _stream.WriteAsync(bytes);

    /// <summary>Reads one response; the server must close the connection after it or give its length.</summary>
    public async Task<Answer> ReadAnswerAsync(string request) =>
        await TryReadAsync(request).OrFail($"The answer to {request}")
        ?? throw new IOException($"The connection closed without an answer to {request}.");

    /// <summary>Reads one response, or null where the server closes the connection instead.</summary>
    public Task<Answer?> ReadAnswerOrEndAsync(string request) =>
        TryReadAsync(request).OrFail($"An answer to {request}, or the end of the connection,");

    /// <summary>Ends the client's side in the middle of a request and waits until the server has ended its side.</summary>
    public async Task HangUpAsync()
    {
        _tcp.Client.Shutdown(SocketShutdown.Send);
        await ReadAnswerOrEndAsync("a request that is broken off");
    }

    public ValueTask DisposeAsync()
    {
        _tcp.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<Answer?> TryReadAsync(string request)
    {
        try
        {
            while (await ReadLineAsync() is { Length: > 0 } statusLine)
            {
                var status = int.Parse(statusLine.Split(' ')[1], CultureInfo.InvariantCulture);
                var headers = await ReadHeadersAsync();
                if (status >= 200) return new Answer(request, status, headers, await ReadBodyAsync(request, status, headers));
            }
        }
        catch (IOException e) when (e.InnerException is SocketException)
        {
            // A reset is an end, too.
        }

        return null;
    }

    private async Task<List<KeyValuePair<string, string>>> ReadHeadersAsync()
    {
        var headers = new List<KeyValuePair<string, string>>();
        while (await ReadLineAsync() is { Length: > 0 } line)
        {
            var colon = line.IndexOf(':');
            headers.Add(KeyValuePair.Create(line[..colon], line[(colon + 1)..].Trim()));
        }

        return headers;
    }

    private async Task<byte[]> ReadBodyAsync(string request, int status, List<KeyValuePair<string, string>> headers)
    {
        if (request.StartsWith("HEAD", StringComparison.Ordinal) || status is 204 or 304) return [];
        if (headers.Exists(h => h.Key.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase))) return await ReadChunksAsync();
        var length = headers.Find(h => h.Key.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)).Value;
        if (length is not null) return await ReadExactlyAsync(int.Parse(length, CultureInfo.InvariantCulture));
        using var rest = new MemoryStream();
        await _stream.CopyToAsync(rest);
        return rest.ToArray();
    }

    private async Task<byte[]> ReadChunksAsync()
    {
        using var body = new MemoryStream();
        while (await ReadLineAsync() is { Length: > 0 } size
            && int.Parse(size, NumberStyles.HexNumber, CultureInfo.InvariantCulture) is > 0 and var length)
        {
            body.Write(await ReadExactlyAsync(length));
            await ReadLineAsync();
        }

        return body.ToArray();
    }

    private async Task<byte[]> ReadExactlyAsync(int length)
    {
        var bytes = new byte[length];
        await _stream.ReadExactlyAsync(bytes);
        return bytes;
    }

    // A line without its end, or null at the end of the stream. Byte by byte, so that nothing of the body is taken with it.
    private async Task<string?> ReadLineAsync()
    {
        var line = new StringBuilder();
        var one = new byte[1];
        while (await _stream.ReadAsync(one) == 1)
        {
            if (one[0] == '\n') return line.ToString().TrimEnd('\r');
            line.Append((char)one[0]);
        }

        return null;
    }
}
