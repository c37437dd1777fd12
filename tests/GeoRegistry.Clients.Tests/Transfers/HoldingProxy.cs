using System.Net;
using System.Net.Sockets;
using GeoRegistry.Clients.Tests.Tools;

namespace GeoRegistry.Clients.Tests.Transfers;

// A proxy between a client and the registry that, once the client has sent so many bytes, holds the rest back until
// Release: so a test can kill a client in the middle of an upload without guessing when that is.
internal sealed class HoldingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly IPEndPoint _registry;
    private readonly long _holdAfterBytes;
    private readonly Task _accepting;
    private long _sentBytes;

    public HoldingProxy(string registryHost, long holdAfterBytes)
    {
        _registry = IPEndPoint.Parse(registryHost);
        _holdAfterBytes = holdAfterBytes;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Host => _listener.LocalEndpoint.ToString()!;

    // Returns when the client has sent what passes and the rest is held.
    public async Task WaitUntilHeldAsync()
    {
        try
        {
            await _held.Task.WaitAsync(ClientTool.DefaultTimeout);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"The client never sent {_holdAfterBytes} bytes: only {Interlocked.Read(ref _sentBytes)} came.");
        }
    }

    public void Release() => _released.TrySetResult();

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Stop();
        await _accepting;
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true) connections.Add(RelayAsync(await _listener.AcceptTcpClientAsync(_end.Token)));
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task RelayAsync(TcpClient client)
    {
        using var _ = client;
        using var registry = new TcpClient();
        try
        {
            await registry.ConnectAsync(_registry, _end.Token);
            var up = CopyAsync(client.GetStream(), registry.GetStream(), HoldAsync);
            var down = CopyAsync(registry.GetStream(), client.GetStream(), _ => Task.CompletedTask);
            // Either side's end is the connection's: both sockets close as this returns, which ends the other copy.
            await await Task.WhenAny(up, down);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            // A client that was killed, or the test's end.
        }
    }

    private async Task CopyAsync(NetworkStream from, NetworkStream to, Func<int, Task> beforeWrite)
    {
        var buffer = new byte[64 * 1024];
        while (await from.ReadAsync(buffer, _end.Token) is > 0 and var read)
        {
            await beforeWrite(read);
            await to.WriteAsync(buffer.AsMemory(0, read), _end.Token);
        }
    }

    private async Task HoldAsync(int readBytes)
    {
        if (Interlocked.Add(ref _sentBytes, readBytes) <= _holdAfterBytes) return;
        _held.TrySetResult();
        await _released.Task.WaitAsync(_end.Token);
    }
}
