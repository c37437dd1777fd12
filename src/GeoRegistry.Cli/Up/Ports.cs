using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace GeoRegistry.Cli.Up;

/// <summary>Ports of this machine.</summary>
internal static class Ports
{
    // Below those that systems give out for port 0, so that no process that starts meanwhile is given one of these.
    private const int First = 10_000, End = 32_768;

    /// <summary>A port that nobody listens on now.</summary>
    /// <param name="except">Ports that are promised already.</param>
    public static int ChooseFree(ICollection<int> except)
    {
        for (var attempt = 0; attempt < End - First; attempt++)
        {
            var port = RandomNumberGenerator.GetInt32(First, End);
            if (!except.Contains(port) && IsFree(IPAddress.Loopback, port)) return port;
        }

        throw new IOException("There is no free port on this machine.");
    }

    /// <summary>Whether nobody listens on a port of the loopback interface.</summary>
    public static bool IsFree(int port) => IsFree(IPAddress.Loopback, port);

    /// <summary>Why nobody can listen at an address, or null.</summary>
    public static string? FaultOf(Uri listen)
    {
        var address = listen.IsLoopback && listen.HostNameType == UriHostNameType.Dns ? IPAddress.Loopback : null;
        if (address is null && !IPAddress.TryParse(listen.DnsSafeHost, out address)) return null; // A name: the entrance itself finds out.
        return listen.Port == 0 || IsFree(address, listen.Port)
            ? null
            : $"{listen.Authority} is taken or not an address of this machine: stop what listens there, "
                + "or give the entrance another with --listen.";
    }

    private static bool IsFree(IPAddress address, int port)
    {
        // As servers do it, so that connections that have just ended do not block the port.
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            socket.Bind(new IPEndPoint(address, port));
            socket.Listen(1);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
