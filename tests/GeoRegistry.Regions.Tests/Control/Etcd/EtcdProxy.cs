using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace GeoRegistry.Regions.Tests.Control.Etcd;

/// <summary>Stands between a client and a member of etcd, and loses what it is told to. Plain HTTP/2.</summary>
internal sealed class EtcdProxy : IAsyncDisposable
{
    /// <summary>What a request for a watch, and a transaction, have in their heads.</summary>
    public const string Watch = "etcdserverpb.Watch/Watch", Txn = "etcdserverpb.KV/Txn";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<TcpClient, byte> _connections = new();
    private readonly int _target;
    private readonly Task _accepting;
    private volatile Interception? _next;

    public EtcdProxy(int target)
    {
        _target = target;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Where clients come.</summary>
    public string Address => $"http://{_listener.LocalEndpoint}";

    /// <summary>Keeps the next request of a kind, and what follows it, until it is released or cut.</summary>
    public Interception Hold(string request) => _next = new Interception(request, losesAnswer: false);

    /// <summary>Passes the next request of a kind on, and nothing back any more on its connection.</summary>
    public Interception LoseAnswerTo(string request) => _next = new Interception(request, losesAnswer: true);

    /// <summary>Cuts all connections; new ones pass.</summary>
    public void CutAll()
    {
        foreach (var connection in _connections.Keys) connection.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        CutAll();
        await _accepting;
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true) connections.Add(CarryAsync(await _listener.AcceptTcpClientAsync()));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task CarryAsync(TcpClient client)
    {
        using var server = new TcpClient();
        _connections[client] = _connections[server] = 0;
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, _target);
            var state = new ConnectionState();
            await Task.WhenAny(
                CopyAsync(client, server, chunk => InterceptAsync(chunk, state)),
                CopyAsync(server, client, _ => Task.FromResult(!state.IsDeaf)));
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            // One of the two is gone, and so is the other then.
        }
        finally
        {
            client.Dispose();
            _connections.TryRemove(client, out _);
            _connections.TryRemove(server, out _);
        }
    }

    private async Task<bool> InterceptAsync(ReadOnlyMemory<byte> chunk, ConnectionState state)
    {
        if (_next is not { } next || !Encoding.Latin1.GetString(chunk.Span).Contains(next.Request, StringComparison.Ordinal)) return true;
        _next = null;
        state.IsDeaf = next.LosesAnswer;
        await next.OnArrivedAsync();
        return true;
    }

    private static async Task CopyAsync(TcpClient from, TcpClient to, Func<ReadOnlyMemory<byte>, Task<bool>> passes)
    {
        var (source, target, buffer) = (from.GetStream(), to.GetStream(), new byte[64 * 1024]);
        while (await source.ReadAsync(buffer) is > 0 and var count)
        {
            if (await passes(buffer.AsMemory(0, count))) await target.WriteAsync(buffer.AsMemory(0, count));
        }
    }

    private sealed class ConnectionState
    {
        public volatile bool IsDeaf;
    }
}

/// <summary>A request that a proxy does something with.</summary>
internal sealed class Interception(string request, bool losesAnswer)
{
    private readonly TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Request => request;

    public bool LosesAnswer => losesAnswer;

    /// <summary>Ends when the request is there.</summary>
    public Task Arrived => _arrived.Task;

    public void Release() => _released.TrySetResult();

    public Task OnArrivedAsync()
    {
        _arrived.TrySetResult();
        return losesAnswer ? Task.CompletedTask : _released.Task;
    }
}
