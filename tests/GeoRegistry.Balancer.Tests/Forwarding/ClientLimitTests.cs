using System.Net;
using System.Net.Sockets;
using System.Text;
using GeoRegistry.Balancer.Forwarding;
using GeoRegistry.Balancer.Tests.Processes;
using GeoRegistry.TestKit;

namespace GeoRegistry.Balancer.Tests.Forwarding;

/// <summary>Slow clients are waited for, and many are bounded.</summary>
public sealed class ClientLimitTests
{
    // Longer than the 5 s after which servers take a body for too slow by default.
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(8);

    [Theory]
    [InlineData("", "all of it")]
    [InlineData("half of it, ", "half of it")]
    public async Task Push_ClientPauses_IsTakenWhole(string before, string after)
    {
        using var region = new RawRegion(RawRegion.Answer(201));
        await using var entrance = await BalancerProcess.StartAsync(("eu", region.Address));
        using var http = entrance.CreateClient();

        using var answer = await http.PutAsync("/v2/team/app/blobs/uploads/eu-1", new PausingContent(before, after));

        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.Equal(before + after, Assert.Single(region.Bodies));
    }

    /// <summary>A source may begin a minute late, or pause as long.</summary>
    [Fact]
    public void Idle_OfARequest_LetsASourcePauseForMinutes() =>
        Assert.InRange(RegionTimeouts.Idle, TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(10));

    [Fact]
    public async Task Pushes_MoreThanTheLimit_Are503AndServedAgainAfterAndTakeNoPullsPlace()
    {
        using var region = new RawRegion(
            head => head.StartsWith("PUT ", StringComparison.Ordinal) ? RawRegion.Silence : RawRegion.Answer(200));
        await using var entrance = await BalancerProcess.StartAsync(("eu", region.Address));
        using var http = entrance.CreateClient();
        var waiting = new List<TcpClient>();
        try
        {
            for (var i = 0; i < Entrance.MaxWrites; i++) waiting.Add(
                await SendAsync(entrance.Address, "PUT / HTTP/1.1\r\nHost: registry.example.com\r\nContent-Length: 0\r\n\r\n"));
            await Waiting.UntilAsync("the last of the requests", () => Task.FromResult(region.RequestLines.Count == Entrance.MaxWrites));

            using var refused = await http.PostAsync("/v2/", null);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
            Assert.NotNull(refused.Headers.RetryAfter);
            using var pull = await http.GetAsync("/v2/");
            Assert.Equal(HttpStatusCode.OK, pull.StatusCode);
        }
        finally
        {
            foreach (var client in waiting) client.Dispose();
        }

        await Waiting.UntilAsync("an answer", async () => (await http.PostAsync("/v2/", null)).IsSuccessStatusCode);
    }

    [Fact]
    public async Task Request_HeaderInUtf8_ReachesTheRegionAsItIs()
    {
        const string name = "Jörg 王";
        using var region = new RawRegion(RawRegion.Answer(200));
        await using var entrance = await BalancerProcess.StartAsync(("eu", region.Address));

        using var client = await SendAsync(entrance.Address,
            $"GET /v2/ HTTP/1.1\r\nHost: registry.example.com\r\nX-Forwarded-User: {name}\r\nConnection: close\r\n\r\n");
        using var reader = new StreamReader(client.GetStream());

        Assert.StartsWith("HTTP/1.1 200", await reader.ReadToEndAsync(), StringComparison.Ordinal);
        Assert.Contains($"X-Forwarded-User: {Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(name))}\n", Assert.Single(region.Heads),
            StringComparison.Ordinal);
    }

    /// <summary>Only the entrance can know them: what it sends on has its own connection's header.</summary>
    [Fact]
    public async Task Request_HeaderThatConnectionNames_DoesNotReachTheRegion()
    {
        using var region = new RawRegion(RawRegion.Answer(200));
        await using var entrance = await BalancerProcess.StartAsync(("eu", region.Address));

        using var client = await SendAsync(entrance.Address,
            "GET /v2/ HTTP/1.1\r\nHost: registry.example.com\r\nConnection: X-Hop\r\nX-Hop: 1\r\n\r\n");
        using var reader = new StreamReader(client.GetStream());

        Assert.StartsWith("HTTP/1.1 200", await reader.ReadLineAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain("X-Hop", Assert.Single(region.Heads), StringComparison.Ordinal);
    }

    /// <summary>A region compares the two, to tell pages of its own origin from others.</summary>
    [Fact]
    public async Task Request_HostAndOrigin_ReachTheRegionAsTheyAre()
    {
        using var region = new RawRegion(RawRegion.Answer(200));
        await using var entrance = await BalancerProcess.StartAsync(("eu", region.Address));

        using var client = await SendAsync(entrance.Address,
            "POST /v2/ HTTP/1.1\r\nHost: registry.example.com\r\nOrigin: http://registry.example.com\r\nSec-Fetch-Site: same-origin\r\n"
                + "Content-Length: 0\r\nConnection: close\r\n\r\n");
        using var reader = new StreamReader(client.GetStream());

        Assert.StartsWith("HTTP/1.1 200", await reader.ReadToEndAsync(), StringComparison.Ordinal);
        var head = Assert.Single(region.Heads);
        Assert.Contains("\nHost: registry.example.com\n", head, StringComparison.Ordinal);
        Assert.Contains("\nOrigin: http://registry.example.com\n", head, StringComparison.Ordinal);
        Assert.Contains("\nSec-Fetch-Site: same-origin\n", head, StringComparison.Ordinal);
    }

    private static async Task<TcpClient> SendAsync(Uri address, string request)
    {
        var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port);
        await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(request));
        return client;
    }

    /// <summary>
    /// A body whose sender pauses in the middle. Time is what is tested: nothing else happens meanwhile that could be
    /// awaited.
    /// </summary>
    private sealed class PausingContent(string before, string after) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(before));
            await stream.FlushAsync();
            await Task.Delay(Pause, TimeProvider.System);
            await stream.WriteAsync(Encoding.ASCII.GetBytes(after));
        }

        protected override bool TryComputeLength(out long length)
        {
            length = before.Length + after.Length;
            return true;
        }
    }
}
