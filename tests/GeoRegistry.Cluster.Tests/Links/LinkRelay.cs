using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using GeoRegistry.TestKit;

namespace GeoRegistry.Cluster.Tests.Links;

/// <summary>The address at which one region dials another: carries each connection over a link.</summary>
internal sealed class LinkRelay : IDisposable
{
    private readonly LinkDirection _there, _back;
    private readonly ConcurrentDictionary<RelayedConnection, byte> _connections = new();
    private readonly IPEndPoint _endPoint;
    private readonly Lock _lock = new();
    private Socket? _listener;

    /// <summary>Listens at once; who dials before there is a target is reset.</summary>
    /// <param name="there">From who dials to the target.</param>
    /// <param name="back">From the target to who dials.</param>
    /// <param name="address">Where it listens: an address that who dials can reach.</param>
    public LinkRelay(LinkDirection there, LinkDirection back, IPAddress address)
    {
        (_there, _back) = (there, back);
        _endPoint = new IPEndPoint(address, FreePorts.Take());
        Listen();
    }

    /// <summary>Where to dial.</summary>
    public Uri Address => new($"http://{_endPoint}");

    /// <summary>Who is dialled; null for nobody.</summary>
    public IPEndPoint? Target { get; set; }

    /// <summary>How many connections it carries now.</summary>
    public int ConnectionCount => _connections.Count;

    /// <summary>Takes new connections, unless it does already.</summary>
    public void Listen()
    {
        lock (_lock)
        {
            if (_listener is not null) return;
            var listener = LinkSockets.Create();
            listener.Bind(_endPoint);
            listener.Listen(512);
            _listener = listener;
            // Away from the context of the test that listens.
            _ = Task.Run(() => AcceptAsync(listener));
        }
    }

    /// <summary>Refuses new connections.</summary>
    public void Refuse()
    {
        lock (_lock)
        {
            _listener?.Dispose();
            _listener = null;
        }
    }

    /// <summary>Resets every connection, as a firewall that was restarted does.</summary>
    public void ResetConnections()
    {
        foreach (var connection in _connections.Keys) connection.Reset();
    }

    public void Dispose()
    {
        Refuse();
        ResetConnections();
    }

    private async Task AcceptAsync(Socket listener)
    {
        try
        {
            while (true)
            {
                var dialer = await listener.AcceptAsync();
                dialer.NoDelay = true;
                var connection = new RelayedConnection(dialer, _there, _back);
                _connections[connection] = 0;
                _ = CarryAsync(connection);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It listens no more.
        }
    }

    private async Task CarryAsync(RelayedConnection connection)
    {
        await connection.RunAsync(Target);
        _connections.TryRemove(connection, out _);
    }
}
