using System.Net;
using System.Net.Sockets;

namespace GeoRegistry.Storage.PostgreSql.Tests;

/// <summary>Lies between a store and its database, and loses answers when it is asked to.</summary>
internal sealed class AnswerCutter : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly int _port;
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _accepting;
    private int _answersUntilCut = int.MaxValue;

    public AnswerCutter(int port)
    {
        _port = port;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>How many answers were lost.</summary>
    public int Cuts { get; private set; }

    /// <summary>Lets some answers pass, of whatever connection, and loses the next one with its connection.</summary>
    public void CutAfter(int answers) => Volatile.Write(ref _answersUntilCut, answers);

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        _listener.Stop();
        await _accepting;
        _ending.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_ending.Token);
                _ = RelayAsync(client);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            // Its end.
        }
    }

    private async Task RelayAsync(TcpClient client)
    {
        using var near = client;
        using var far = new TcpClient();
        try
        {
            await far.ConnectAsync(IPAddress.Loopback, _port, _ending.Token);
            await Task.WhenAny(CopyAsync(near, far, isAnswer: false), CopyAsync(far, near, isAnswer: true));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            // The database is away.
        }
    }

    private async Task CopyAsync(TcpClient from, TcpClient to, bool isAnswer)
    {
        var buffer = new byte[65_536];
        try
        {
            while (await from.GetStream().ReadAsync(buffer, _ending.Token) is > 0 and var count)
            {
                if (isAnswer && Interlocked.Decrement(ref _answersUntilCut) == -1)
                {
                    Cuts++;
                    return;
                }

                await to.GetStream().WriteAsync(buffer.AsMemory(0, count), _ending.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The connection's end.
        }
    }
}
