using System.Net;
using System.Text;
using GeoRegistry.Balancer.Tests.Processes;
using GeoRegistry.TestKit;

namespace GeoRegistry.Balancer.Tests.Forwarding;

/// <summary>A region that takes connections and does not answer.</summary>
public sealed class SilentRegionTests
{
    // A hung region is noticed within 4 s and left within 8 s; the rest is for a loaded machine.
    private static readonly TimeSpan Tolerable = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Pulls_WhileARegionIsStopped_AreAllAnsweredByTheOthers()
    {
        await using var regions = await RegionsBehindEntrance.StartAsync("eu", "us", "ap");
        for (var i = 0; i < 6; i++) await regions.AskAsync(); // Both have open connections.

        await regions.SignalAsync("us", "STOP");
        var served = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => regions.AskAsync())).WaitAsync(Tolerable);

        Assert.Equal(["ap", "eu"], served.Distinct().Order());
        await regions.SignalAsync("us", "CONT");
        await Waiting.UntilAsync("an answer of the region that goes on", async () => await regions.AskAsync() == "us");
    }

    [Fact]
    public async Task BeginUpload_WhileARegionIsStopped_IsAnsweredByTheOther()
    {
        await using var regions = await RegionsBehindEntrance.StartAsync("eu", "us");
        regions.Client.Timeout = Tolerable;

        await regions.SignalAsync("eu", "STOP");
        for (var i = 0; i < 2; i++)
        {
            using var begun = await regions.Client.PostAsync("/v2/team/app/blobs/uploads/", null);
            Assert.Equal(HttpStatusCode.Accepted, begun.StatusCode);
        }

        await regions.SignalAsync("eu", "CONT");
    }

    [Fact]
    public async Task Push_RegionIsStoppedBeforeItTookTheBody_IsTakenByTheOther()
    {
        await using var regions = await RegionsBehindEntrance.StartAsync("eu", "us");
        regions.Client.Timeout = Tolerable;
        var blob = new byte[1024 * 1024];

        await regions.SignalAsync("eu", "STOP");
        for (var i = 0; i < 2; i++)
        {
            using var pushed = await regions.Client.PostAsync(
                $"/v2/team/app/blobs/uploads/?digest={Protocol.Digest.Of(blob)}", new ByteArrayContent(blob));
            Assert.Equal(HttpStatusCode.Created, pushed.StatusCode);
        }

        await regions.SignalAsync("eu", "CONT");
    }

    [Fact]
    public async Task Get_RegionIsHealthyAndDoesNotAnswer_IsAnsweredByTheNext()
    {
        using var silent = new RawRegion(RawRegion.Silence);
        using var other = new RawRegion(RawRegion.Answer(200));
        await using var entrance = await BalancerProcess.StartAsync(("eu", silent.Address), ("us", other.Address));
        using var http = entrance.CreateClient();
        http.Timeout = Tolerable;

        // The first turn is the silent region's.
        using var answer = await http.GetAsync("/v2/");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Single(silent.RequestLines);
        Assert.Single(other.RequestLines);
    }

    /// <summary>One that is slow, as while it hashes a big blob, is left for another; which may be unable to answer at all.</summary>
    [Fact]
    public async Task Get_SlowRegionIsTheOnlyOneThatCanAnswer_IsAnsweredByIt()
    {
        var asked = 0;
        using var slow = new RawRegion(_ => Interlocked.Increment(ref asked) == 1 ? RawRegion.Silence : RawRegion.Answer(200));
        using var other = new RawRegion(RawRegion.Answer(503));
        await using var entrance = await BalancerProcess.StartAsync(("eu", slow.Address), ("us", other.Address));
        using var http = entrance.CreateClient();
        http.Timeout = Tolerable;

        using var answer = await http.GetAsync("/v2/team/app/blobs/sha256:0");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal((2, 1), (slow.RequestLines.Count, other.RequestLines.Count));
    }

    [Fact]
    public async Task Get_BodyStallsInTheMiddle_BreaksOffWithinAMinute()
    {
        using var region = new RawRegion("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nthe beginning");
        await using var entrance = await BalancerProcess.StartAsync(("eu", region.Address));
        using var http = entrance.CreateClient();
        using var answer = await http.GetAsync("/v2/team/app/blobs/sha256:0", HttpCompletionOption.ResponseHeadersRead);
        using var body = await answer.Content.ReadAsStreamAsync();
        var piece = new byte[13];
        await body.ReadExactlyAsync(piece);
        Assert.Equal("the beginning", Encoding.ASCII.GetString(piece));

        await Assert.ThrowsAnyAsync<IOException>(() => body.ReadExactlyAsync(piece).AsTask().OrFail("the end of the answer"));
    }
}
