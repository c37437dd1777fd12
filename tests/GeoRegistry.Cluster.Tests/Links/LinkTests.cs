using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using GeoRegistry.TestKit;

namespace GeoRegistry.Cluster.Tests.Links;

/// <summary>What measures others is measured first.</summary>
public sealed class LinkTests
{
    private const long FastBitsPerSecond = 200_000_000;

    /// <summary>How often is measured what the machine's other work makes longer.</summary>
    private const int MaxMeasurements = 5;

    /// <summary>More than the buffers of a connection and of the link hold.</summary>
    private const int MaxHeldBytes = 8 * 1024 * 1024;

    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(40);

    [Fact]
    public async Task Delay_OfAMessageAndItsAnswer_IsARoundTrip()
    {
        using var ends = new LinkEnds(new LinkQuality { Delay = Delay });
        var (near, far) = await ends.ConnectAsync();
        List<double> times = [];
        for (var i = 0; i < 10; i++)
        {
            var began = Stopwatch.GetTimestamp();
            await near.SendAsync(new byte[] { 1 });
            await far.ReceiveAsync(new byte[1]);
            await far.SendAsync(new byte[] { 2 });
            await near.ReceiveAsync(new byte[1]);
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        // That it is no shorter is the link's promise; what it takes longer is the machine's other work.
        Assert.True(times.Min() >= 2 * Delay.TotalMilliseconds, $"The shortest of all round trips took {times.Min()} ms.");
    }

    [Theory]
    [InlineData(20_000_000, 1)]
    [InlineData(FastBitsPerSecond, 1)]
    [InlineData(FastBitsPerSecond, 4)]
    public async Task Rate_OfAllConnectionsTogether_IsTheLinks(long bitsPerSecond, int connections)
    {
        using var ends = new LinkEnds(new LinkQuality { Delay = Delay, BitsPerSecond = bitsPerSecond });
        var bytes = (int)(bitsPerSecond / 8 / connections);
        var sockets = await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => ends.ConnectAsync()));

        await AssertTakesASecondAsync(1.1, async () =>
        {
            var before = ends.Link.There.Bytes;
            await Task.WhenAll(sockets.Select(pair => SendAsync(pair.Near, pair.Far, bytes)));
            Assert.Equal((long)bytes * connections, ends.Link.There.Bytes - before);
        });

        Assert.Equal(0, ends.Link.Back.Bytes);
    }

    [Fact]
    public async Task Rate_OfSixDirectionsAtOnce_IsEachLinks()
    {
        using var first = new LinkEnds(LinkQuality.Wide);
        using var second = new LinkEnds(LinkQuality.Wide);
        using var third = new LinkEnds(LinkQuality.Wide);
        const int Bytes = (int)(FastBitsPerSecond / 8);
        LinkEnds[] all = [first, second, third];
        var sockets = await Task.WhenAll(all.Select(ends => ends.ConnectAsync()));

        await AssertTakesASecondAsync(1.2, () => Task.WhenAll(
            sockets.SelectMany(pair => new[] { SendAsync(pair.Near, pair.Far, Bytes), SendAsync(pair.Far, pair.Near, Bytes) })));
    }

    [Fact]
    public async Task Send_ToWhoReadsNothing_IsHeldBack()
    {
        using var ends = new LinkEnds(LinkQuality.Wide);
        var (near, _) = await ends.ConnectAsync();
        near.SendBufferSize = 64 * 1024;
        near.Blocking = false;

        var sent = 0;
        while (sent <= MaxHeldBytes && near.Poll(TimeSpan.FromMilliseconds(500), SelectMode.SelectWrite))
            sent += near.Send(new byte[64 * 1024]);

        Assert.InRange(sent, 1, MaxHeldBytes);
    }

    [Fact]
    public async Task Loss_OfSegments_CostsTime()
    {
        using var ends = new LinkEnds(LinkQuality.Wide with { Loss = 0.01 });
        var (near, far) = await ends.ConnectAsync();

        var began = Stopwatch.GetTimestamp();
        await SendAsync(near, far, 2_500_000);

        // A tenth of a second without loss.
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0.2, 60);
    }

    [Fact]
    public async Task Cut_Silent_StallsUntilHealed()
    {
        using var ends = new LinkEnds(LinkQuality.Near);
        var (near, far) = await ends.ConnectAsync();
        ends.Link.Cut();

        await near.SendAsync(new byte[] { 1 });
        using var late = ends.Dial();
        var received = far.ReceiveAsync(new byte[1]);
        var accepted = ends.AcceptAsync();
        await Assert.ThrowsAsync<TimeoutException>(() => Task.WhenAny(received, accepted).WaitAsync(TimeSpan.FromMilliseconds(300)));

        ends.Link.Heal();
        Assert.Equal(1, await received.OrFail("the byte that was sent while the link was cut"));
        (await accepted.OrFail("the connection that was made while the link was cut")).Dispose();
    }

    [Fact]
    public async Task Cut_Refused_ResetsAndRefusesUntilHealed()
    {
        using var ends = new LinkEnds(LinkQuality.Near);
        var (near, far) = await ends.ConnectAsync();

        ends.Link.Cut(CutMode.Refused);
        await Assert.ThrowsAsync<SocketException>(() => near.ReceiveAsync(new byte[1]).OrFail("the reset of the near end"));
        await Assert.ThrowsAsync<SocketException>(() => far.ReceiveAsync(new byte[1]).OrFail("the reset of the far end"));
        Assert.Throws<SocketException>(() => ends.Dial());

        ends.Link.Heal();
        var (again, end) = await ends.ConnectAsync();
        await SendAsync(again, end, 1000);
    }

    [Fact]
    public async Task Close_OfOneEnd_ReachesTheOther()
    {
        using var ends = new LinkEnds(LinkQuality.Wide);
        var (near, far) = await ends.ConnectAsync();
        await near.SendAsync(new byte[100]);
        near.Shutdown(SocketShutdown.Send);

        Assert.Equal(100, await ReceiveAllAsync(far));
        await far.SendAsync(new byte[200]);
        far.Dispose();
        Assert.Equal(200, await ReceiveAllAsync(near));
        await Waiting.UntilAsync("the connection is gone", () => Task.FromResult(ends.Link.Dialled.ConnectionCount == 0));
    }

    [Fact]
    public async Task ResetConnections_OfALink_ReachesBothEnds()
    {
        using var ends = new LinkEnds(LinkQuality.Near);
        var (near, far) = await ends.ConnectAsync();

        ends.Link.ResetConnections();

        await Assert.ThrowsAsync<SocketException>(() => near.ReceiveAsync(new byte[1]).OrFail("the reset of the near end"));
        await Assert.ThrowsAsync<SocketException>(() => far.ReceiveAsync(new byte[1]).OrFail("the reset of the far end"));
        await ends.ConnectAsync();
    }

    /// <summary>What arrives in a second takes a second, and the delay of the last byte. No measurement may be shorter.</summary>
    private static async Task AssertTakesASecondAsync(double maxSeconds, Func<Task> send)
    {
        for (var measurement = 1; ; measurement++)
        {
            var began = Stopwatch.GetTimestamp();
            await send();
            var seconds = (Stopwatch.GetElapsedTime(began) - Delay).TotalSeconds;
            if (seconds > maxSeconds && measurement < MaxMeasurements) continue;
            Assert.InRange(seconds, 0.98, maxSeconds);
            return;
        }
    }

    private static async Task SendAsync(Socket from, Socket to, int bytes)
    {
        var sending = Task.Run(async () =>
        {
            var buffer = new byte[64 * 1024];
            for (var left = bytes; left > 0;) left -= await from.SendAsync(buffer.AsMemory(0, Math.Min(left, buffer.Length)));
        });
        var receiving = Task.Run(async () =>
        {
            var buffer = new byte[64 * 1024];
            for (var left = bytes; left > 0;)
            {
                var received = await to.ReceiveAsync(buffer);
                Assert.True(received > 0, $"The connection ended with {left} bytes to come.");
                left -= received;
            }
        });
        await Task.WhenAll(sending, receiving).OrFail("all bytes");
    }

    private static async Task<int> ReceiveAllAsync(Socket socket)
    {
        var (total, buffer) = (0, new byte[1000]);
        while (await socket.ReceiveAsync(buffer).OrFail("the end") is > 0 and var read) total += read;
        return total;
    }

    /// <summary>A link and a listener at its far end.</summary>
    private sealed class LinkEnds : IDisposable
    {
        private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

        public LinkEnds(LinkQuality quality)
        {
            _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _listener.Listen();
            Link = new Link(quality);
            Link.Dialled.Target = (IPEndPoint)_listener.LocalEndPoint!;
        }

        public Link Link { get; }

        public Socket Dial()
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            socket.Connect(IPAddress.Loopback, Link.Dialled.Address.Port);
            return socket;
        }

        public async Task<Socket> AcceptAsync()
        {
            var socket = await _listener.AcceptAsync();
            socket.NoDelay = true;
            return socket;
        }

        public async Task<(Socket Near, Socket Far)> ConnectAsync()
        {
            var near = Dial();
            return (near, await AcceptAsync().OrFail("the connection"));
        }

        public void Dispose()
        {
            _listener.Dispose();
            Link.Dispose();
        }
    }
}
