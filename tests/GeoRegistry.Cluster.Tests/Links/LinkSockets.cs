using System.Net.Sockets;

namespace GeoRegistry.Cluster.Tests.Links;

/// <summary>The sockets of relays: what they hold themselves is little, so that a sender feels what the link holds.</summary>
internal static class LinkSockets
{
    private const int BufferBytes = 512 * 1024, SegmentBytes = 16 * 1024;

    // TCP_MAXSEG of Linux. Segments as long as loopback's own (64 KiB) in small buffers make senders wait for their timers.
    private const int TcpLevel = 6, MaxSegment = 2;

    public static Socket Create()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            NoDelay = true,
            ReceiveBufferSize = BufferBytes,
        };
        socket.SetRawSocketOption(TcpLevel, MaxSegment, BitConverter.GetBytes(SegmentBytes));
        return socket;
    }

    /// <summary>Closes it so that the other end sees a reset.</summary>
    public static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It was closed before.
        }

        socket.Dispose();
    }
}
