using System.Net;
using System.Text.Json;
using GeoRegistry.Balancer.Tests.Processes;
using GeoRegistry.Protocol;
using GeoRegistry.TestKit;

namespace GeoRegistry.Balancer.Tests.Health;

/// <summary>Pulls go where pulls are served, pushes where they are taken, and 503 is answered only where no region answers.</summary>
public sealed class ReadinessTests
{
    [Fact]
    public async Task Requests_RegionTakesNoPushes_GetsPullsOnly()
    {
        using var full = new RawRegion(RawRegion.Answer(200)) { PushStatus = 503 };
        using var good = new RawRegion(RawRegion.Answer(200));
        await using var entrance = await BalancerProcess.StartAsync(("eu", full.Address), ("us", good.Address));
        using var http = entrance.CreateClient();

        for (var i = 0; i < 4; i++)
        {
            await http.GetAsync("/v2/team/app/manifests/1"); // Three requests and two regions: each kind has each region's turn.
            await http.PutAsync("/v2/team/app/manifests/1", new StringContent("{}"));
            await http.PutAsync("/v2/team/app/manifests/1", new StringContent("{}"));
        }

        Assert.NotEmpty(full.RequestLines);
        Assert.All(full.RequestLines, line => Assert.StartsWith("GET ", line, StringComparison.Ordinal));
        Assert.Equal(8, good.RequestLines.Count(line => line.StartsWith("PUT ", StringComparison.Ordinal)));
        Assert.Contains("Region eu serves pulls and gets pushes only where no other region can take them: it answers 503",
            entrance.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("PUT")]
    public async Task Requests_NoRegionIsReady_AreTriedAllTheSame(string method)
    {
        using var region = new RawRegion(RawRegion.Answer(200)) { PullStatus = 503, PushStatus = 503 };
        await using var entrance = await BalancerProcess.StartAsync(("eu", region.Address));
        using var http = entrance.CreateClient();

        using var answer = await http.SendAsync(new HttpRequestMessage(new HttpMethod(method), "/v2/team/app/manifests/1"));

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Theory]
    [InlineData(500)]
    [InlineData(503)]
    public async Task Get_RegionAnswersThatItCannot_IsAnsweredByTheNext(int status)
    {
        using var failing = new RawRegion(RawRegion.Answer(status));
        using var good = new RawRegion(RawRegion.Answer(200));
        await using var entrance = await BalancerProcess.StartAsync(("eu", failing.Address), ("us", good.Address));
        using var http = entrance.CreateClient();

        for (var i = 0; i < 4; i++) Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/v2/team/app/manifests/1")).StatusCode);

        Assert.NotEmpty(failing.RequestLines);
    }

    [Fact]
    public async Task Get_AllRegionsAnswerThatTheyCannot_IsAnsweredInARegionsWords()
    {
        using var eu = new RawRegion(RawRegion.Answer(503, "X-Cause: the disk\r\n"));
        using var us = new RawRegion(RawRegion.Answer(503, "X-Cause: the disk\r\n"));
        await using var entrance = await BalancerProcess.StartAsync(("eu", eu.Address), ("us", us.Address));
        using var http = entrance.CreateClient();

        using var answer = await http.GetAsync("/v2/team/app/manifests/1");

        Assert.Equal("the disk", Assert.Single(answer.Headers.GetValues("X-Cause")));
        Assert.Single(eu.RequestLines);
        Assert.Single(us.RequestLines);
    }

    [Fact]
    public async Task Push_RegionAnswersThatItCannot_IsNotRepeated()
    {
        using var failing = new RawRegion(RawRegion.Answer(500));
        using var good = new RawRegion(RawRegion.Answer(201));
        await using var entrance = await BalancerProcess.StartAsync(("eu", failing.Address), ("us", good.Address));
        using var http = entrance.CreateClient();

        using var answer = await http.PutAsync("/v2/team/app/manifests/1", new StringContent("{}"));

        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Empty(good.RequestLines);
    }

    [Fact]
    public async Task Requests_NoRegionCanWrite_PullsAreServedAndPushesFailInARegionsWords()
    {
        await using var regions = await RegionsBehindEntrance.StartAsync("eu", "us");
        var blob = "stored before"u8.ToArray();
        for (var i = 0; i < 2; i++) Assert.Equal(HttpStatusCode.Created, (await PushAsync(regions.Client, blob)).StatusCode);

        foreach (var id in new[] { "eu", "us" })
        {
            Directory.Move(Path.Combine(regions.FolderOf(id), "blobs", "uploads"), Path.Combine(regions.FolderOf(id), "elsewhere"));
            await Waiting.UntilAsync($"the log line that {id} takes no pushes", () => Task.FromResult(
                regions.Entrance.Output.Contains($"Region {id} serves pulls and gets pushes only where", StringComparison.Ordinal)));
        }

        for (var i = 0; i < 4; i++) Assert.Equal(blob, await regions.Client.GetByteArrayAsync($"/v2/team/app/blobs/{Digest.Of(blob)}"));
        using var failed = await PushAsync(regions.Client, "another"u8.ToArray());
        Assert.Equal(HttpStatusCode.InternalServerError, failed.StatusCode);
        using var body = JsonDocument.Parse(await failed.Content.ReadAsStringAsync());
        Assert.Equal("UNKNOWN", body.RootElement.GetProperty("errors")[0].GetProperty("code").GetString());
    }

    private static Task<HttpResponseMessage> PushAsync(HttpClient http, byte[] blob) =>
        http.PostAsync($"/v2/team/app/blobs/uploads/?digest={Digest.Of(blob)}", new ByteArrayContent(blob));
}
