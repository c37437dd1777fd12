using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace GeoRegistry.Cluster.Tests.Peers;

/// <summary>
/// Takes the place of a region and speaks HTTP/2 byte by byte, so that it can fail at each step. It answers 503 to the peer API
/// itself, and leaves what is relayed to its script.
/// </summary>
internal sealed class ScriptedRegion : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentBag<Http2Connection> _connections = [];
    private readonly Task _accepting;

    public ScriptedRegion()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndpoint;

    /// <summary>What becomes of a relayed request.</summary>
    public Func<Http2Exchange, Task> Script { get; set; } = exchange => exchange.SendHeadAsync(503, ends: true);

    /// <summary>The heads of the relayed requests, as bytes (Latin-1).</summary>
    public ConcurrentQueue<string> Heads { get; } = new();

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        foreach (var connection in _connections) connection.Close();
        await _accepting;
    }

    private async Task AcceptAsync()
    {
        var serving = new List<Task>();
        try
        {
            while (true)
            {
                var connection = new Http2Connection(await _listener.AcceptSocketAsync(), AnswerAsync);
                _connections.Add(connection);
                serving.Add(connection.RunAsync());
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(serving);
        }
    }

    private Task AnswerAsync(Http2Exchange exchange)
    {
        if (!exchange.Head.Contains("/v2/", StringComparison.Ordinal)) return exchange.SendHeadAsync(503, ends: true);
        Heads.Enqueue(exchange.Head);
        return Script(exchange);
    }
}
