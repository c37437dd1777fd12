using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace GeoRegistry.Balancer.Tests.Processes;

/// <summary>A listener in the place of a region that does what no good server does, and keeps the request lines as they came.</summary>
internal sealed class RawRegion : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly string? _answer;

    /// <param name="answer">What it says to requests that do not ask for its health; null breaks the connection off.</param>
    public RawRegion(string? answer)
    {
        _answer = answer;
        _listener.Start();
        _ = ServeAsync();
    }

    public Uri Address => new($"http://{_listener.LocalEndpoint}");

    /// <summary>The request lines that did not ask for its health.</summary>
    public ConcurrentQueue<string> RequestLines { get; } = [];

    public void Dispose() => _listener.Dispose();

    private async Task ServeAsync()
    {
        try
        {
            while (true) _ = AnswerAsync(await _listener.AcceptSocketAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task AnswerAsync(Socket socket)
    {
        using var stream = new NetworkStream(socket, ownsSocket: true);
        using var reader = new StreamReader(stream, Encoding.Latin1);
        var line = await reader.ReadLineAsync() ?? "";
        while (await reader.ReadLineAsync() is { Length: > 0 })
        {
            // The head, to its end.
        }

        var isHealth = line.StartsWith("GET /healthz/ready ", StringComparison.Ordinal);
        if (!isHealth) RequestLines.Enqueue(line);
        if (!isHealth && _answer is null) return;
        await stream.WriteAsync(Encoding.Latin1.GetBytes(isHealth ? "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" : _answer!));
    }
}
