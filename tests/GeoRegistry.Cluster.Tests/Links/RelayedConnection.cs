using System.Net;
using System.Net.Sockets;

namespace GeoRegistry.Cluster.Tests.Links;

/// <summary>A connection of a relay: the one that was accepted and the one that was made for it.</summary>
internal sealed class RelayedConnection(Socket dialer, LinkDirection there, LinkDirection back)
{
    private readonly Socket _target = LinkSockets.Create();

    /// <summary>Carries bytes until both ends are done.</summary>
    /// <param name="target">Whom to connect to; null is nobody.</param>
    public async Task RunAsync(IPEndPoint? target)
    {
        try
        {
            // TCP's own three messages.
            await LinkClock.Shared.UntilAsync(LinkClock.Now + LinkClock.Ticks(there.Quality.Delay + back.Quality.Delay));
            await there.PassAsync();
            await back.PassAsync();
            if (target is null)
            {
                Reset();
                return;
            }

            await _target.ConnectAsync(target);
            await Task.WhenAll(FlowAsync(dialer, _target, there, back), FlowAsync(_target, dialer, back, there));
            dialer.Dispose();
            _target.Dispose();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            Reset();
        }
    }

    /// <summary>Ends both connections with a reset, whatever is under way.</summary>
    public void Reset()
    {
        LinkSockets.Reset(dialer);
        LinkSockets.Reset(_target);
    }

    // News of an end that is gone takes the way back.
    private Task FlowAsync(Socket from, Socket to, LinkDirection direction, LinkDirection opposite) =>
        new LinkFlow(from, to, direction, async () =>
    {
        await opposite.PassAsync();
        Reset();
    }).RunAsync();
}
