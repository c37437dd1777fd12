using System.Net;
using System.Net.Sockets;

namespace GeoRegistry.TestKit;

/// <summary>Ports that stay free while nobody listens on them, so that a process can be restarted on its own.</summary>
/// <remarks>
/// They lie below those that Linux gives to outgoing connections, one of which would take the port of a process that was
/// killed.
/// </remarks>
public static class FreePorts
{
    private const int First = 20_000, Last = 32_000;

    private static int _next = Random.Shared.Next(First, Last);

    public static int Take()
    {
        for (var tries = 0; tries < Last - First; tries++)
        {
            var port = First + (Interlocked.Increment(ref _next) % (Last - First));
            if (IsFree(port)) return port;
        }

        throw new InvalidOperationException($"No port from {First} to {Last} is free.");
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
