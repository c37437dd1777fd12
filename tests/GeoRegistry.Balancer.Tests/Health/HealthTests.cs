using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using GeoRegistry.Balancer.Tests.Processes;
using GeoRegistry.TestKit;

namespace GeoRegistry.Balancer.Tests.Health;

/// <summary>Which regions get requests, with real servers that are killed and come back.</summary>
public sealed class HealthTests
{
    [Fact]
    public async Task Requests_ThreeRegions_GoToEachInTurn()
    {
        await using var regions = await RegionsBehindEntrance.StartAsync("eu", "us", "ap");

        var served = new List<string>();
        for (var i = 0; i < 9; i++) served.Add(await regions.AskAsync());

        Assert.Equal(["eu", "us", "ap", "eu", "us", "ap", "eu", "us", "ap"], served);
    }

    [Fact]
    public async Task Requests_WhileARegionIsKilled_AreAllAnsweredByTheOthers()
    {
        await using var regions = await RegionsBehindEntrance.StartAsync("eu", "us", "ap");
        for (var i = 0; i < 6; i++) await regions.AskAsync(); // Both have open connections.

        await regions.KillAsync("us");
        var served = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => regions.AskAsync()));

        Assert.DoesNotContain("us", served);
        Assert.Equal(["ap", "eu"], served.Distinct().Order());
    }

    [Fact]
    public async Task Pushes_RightAfterARegionIsKilled_GoToTheOther()
    {
        await using var regions = await RegionsBehindEntrance.StartAsync("eu", "us");
        await regions.KillAsync("us");

        for (var i = 0; i < 4; i++)
        {
            using var answer = await regions.Client.PostAsync("/v2/team/app/blobs/uploads/", new ByteArrayContent(new byte[100_000]));
            Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Requests_AfterTheRegionIsBack_GoToItAgain()
    {
        await using var regions = await RegionsBehindEntrance.StartAsync("eu", "us");
        await regions.KillAsync("us");
        await regions.AskAsync();
        await regions.AskAsync();

        await regions.RestartAsync("us");

        await Waiting.UntilAsync("an answer of the region that is back", async () => await regions.AskAsync() == "us");
    }

    [Fact]
    public async Task Requests_AllRegionsGone_Are503UntilOneIsBack()
    {
        await using var regions = await RegionsBehindEntrance.StartAsync("eu", "us");
        await regions.KillAsync("eu");
        await regions.KillAsync("us");

        using var answer = await regions.Client.GetAsync("/v2/");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(1), answer.Headers.RetryAfter!.Delta);
        using var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        var error = body.RootElement.GetProperty("errors")[0];
        Assert.Equal("UNAVAILABLE", error.GetProperty("code").GetString());
        Assert.False(string.IsNullOrEmpty(error.GetProperty("message").GetString()));
        Assert.Equal(JsonValueKind.Object, error.GetProperty("detail").ValueKind);

        await regions.RestartAsync("eu");
        await Waiting.UntilAsync(
            "an answer of the region that is back", async () => (await regions.Client.GetAsync("/v2/")).IsSuccessStatusCode);
    }

    [Fact]
    public async Task Requests_ARegionThatHangs_GoToTheOther()
    {
        using var hung = new TcpListener(IPAddress.Loopback, 0);
        hung.Start(); // It connects, and nobody ever answers.
        using var folder = new TemporaryFolder();
        await using var server = await RegistryProcess.StartAsync(folder.Path, "--region", "us");
        await using var entrance = await BalancerProcess.StartAsync(
            ("eu", new Uri($"http://{hung.LocalEndpoint}")), ("us", server.Address));
        using var http = entrance.CreateClient();

        for (var i = 0; i < 4; i++) Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/v2/")).StatusCode);

        await Waiting.UntilAsync("the log line about the region that hangs", () => Task.FromResult(
            entrance.Output.Contains(
                "Region eu is not healthy and gets requests only where no other region can answer: it did not answer within 2 s",
                StringComparison.Ordinal)));
    }
}
