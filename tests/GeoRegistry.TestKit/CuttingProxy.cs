using System.Net;
using System.Net.Sockets;

namespace GeoRegistry.TestKit;

/// <summary>A way to a server on which connections break off where a test says.</summary>
public sealed class CuttingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ending = new();
    private readonly int _port;
    private readonly Task _accepting;
    private long _left = long.MaxValue;
    private bool _countsAnswers;
    private int _cuts;

    /// <param name="port">The server's port.</param>
    public CuttingProxy(int port)
    {
        _port = port;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>How many connections were cut.</summary>
    public int Cuts => Volatile.Read(ref _cuts);

    /// <summary>Cuts the connection on which the byte after so many arrives from the server; others go on.</summary>
    public void CutAfter(long bytes) => CutAfter(bytes, countsAnswers: false);

    /// <summary>As <see cref="CutAfter(long)"/>, with what comes at a time counted as one.</summary>
    public void CutAfterAnswers(int answers) => CutAfter(answers, countsAnswers: true);

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _ending.Dispose();
    }

    private void CutAfter(long left, bool countsAnswers)
    {
        _countsAnswers = countsAnswers;
        Volatile.Write(ref _left, left);
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true) connections.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_ending.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var server = new TcpClient();
        using (client)
        {
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, _port, _ending.Token);
                await Task.WhenAny(
                    CopyAsync(client.GetStream(), server.GetStream(), _ => true),
                    CopyAsync(server.GetStream(), client.GetStream(), MayPass));
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
            {
                // Either side has gone, or the test is over.
            }
        }
    }

    private async Task CopyAsync(NetworkStream from, NetworkStream to, Func<int, bool> mayPass)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            for (int read; (read = await from.ReadAsync(buffer, _ending.Token)) > 0;)
            {
                if (!mayPass(read)) return;
                await to.WriteAsync(buffer.AsMemory(0, read), _ending.Token);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // As above.
        }
    }

    private bool MayPass(int count)
    {
        if (Volatile.Read(ref _left) == long.MaxValue || Interlocked.Add(ref _left, _countsAnswers ? -1 : -count) >= 0) return true;
        Volatile.Write(ref _left, long.MaxValue);
        Interlocked.Increment(ref _cuts);
        return false;
    }
}
