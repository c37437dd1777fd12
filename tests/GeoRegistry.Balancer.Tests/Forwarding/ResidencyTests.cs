using System.Net;
using System.Text;
using System.Text.Json;
using GeoRegistry.Balancer.Forwarding;
using GeoRegistry.Balancer.Tests.Processes;

namespace GeoRegistry.Balancer.Tests.Forwarding;

/// <summary>Repositories that not every region may have: a region that may not says which may, and the request goes there.</summary>
public sealed class ResidencyTests : IDisposable
{
    private readonly RawRegion _eu = new(Refusal), _us = new(RawRegion.Answer(201));

    private static string Refusal => RawRegion.Answer(403, "GeoRegistry-Regions: us, ca\r\n");

    public void Dispose()
    {
        _eu.Dispose();
        _us.Dispose();
    }

    [Fact]
    public async Task Get_RegionMayNotHaveTheRepository_IsAnsweredByOneThatMayAndLaterAtOnce()
    {
        await using var entrance = await StartAsync();
        using var http = entrance.CreateClient();

        for (var i = 0; i < 4; i++)
        {
            using var answer = await http.GetAsync("/v2/team/app/manifests/1");
            Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
            Assert.False(answer.Headers.Contains("GeoRegistry-Regions"));
        }

        Assert.Single(_eu.RequestLines);
        Assert.Equal(4, _us.RequestLines.Count);
    }

    [Theory]
    [InlineData(100, false)]
    [InlineData(100, true)]
    [InlineData(5_000_000, false)]
    [InlineData(5_000_000, true)]
    public async Task Push_RegionMayNotHaveTheRepository_BodyArrivesWholeWhereItMay(int sizeBytes, bool isChunked)
    {
        await using var entrance = await StartAsync();
        using var http = entrance.CreateClient();
        var body = string.Concat(Enumerable.Range(0, (sizeBytes / 10) + 1).Select(i => $"{i:D10}"))[..sizeBytes];
        using var request = new HttpRequestMessage(HttpMethod.Put, "/v2/team/app/manifests/1")
        {
            Content = new ByteArrayContent(Encoding.ASCII.GetBytes(body)),
        };
        request.Headers.TransferEncodingChunked = isChunked;

        using var answer = await http.SendAsync(request);

        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.Single(_eu.RequestLines);
        Assert.Equal(body, Assert.Single(_us.Bodies));
    }

    [Fact]
    public async Task Push_MoreOfTheBodyWasReadThanIsKept_IsToBeSentAgainAndThenGoesToTheRightRegion()
    {
        using var eu = new RawRegion(Refusal) { ReadsWhatItRefuses = true };
        await using var entrance = await BalancerProcess.StartAsync(("eu", eu.Address), ("us", _us.Address));
        using var http = entrance.CreateClient();
        var body = new string('x', 1024 * ReplayableBody.MaxKeptKiB * 4);

        using var first = await http.PutAsync("/v2/team/app/manifests/1", new StringContent(body));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, first.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(1), first.Headers.RetryAfter!.Delta);
        Assert.Contains("send the request again", await first.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(_us.RequestLines);

        using var second = await http.PutAsync("/v2/team/app/manifests/1", new StringContent(body));
        Assert.Equal(HttpStatusCode.Created, second.StatusCode);
        Assert.Equal(body, Assert.Single(_us.Bodies));
    }

    [Fact]
    public async Task Get_NoRegionThatMayHaveItIsKnown_IsRefusedInTheRegionsWords()
    {
        using var other = new RawRegion(RawRegion.Answer(200));
        using var eu = new RawRegion(RawRegion.Answer(403, "GeoRegistry-Regions: ca\r\n"));
        await using var entrance = await BalancerProcess.StartAsync(("eu", eu.Address), ("us", other.Address));
        using var http = entrance.CreateClient();

        using var answer = await http.GetAsync("/v2/team/app/manifests/1");

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Empty(other.RequestLines);
    }

    [Fact]
    public async Task Get_RegionThatMayHaveItIsGone_Is503AndNoRefusal()
    {
        using var gone = new RawRegion(_ => null);
        await using var entrance = await BalancerProcess.StartAsync(("eu", _eu.Address), ("us", gone.Address));
        using var http = entrance.CreateClient();

        for (var i = 0; i < 2; i++)
        {
            using var answer = await http.GetAsync("/v2/team/app/manifests/1");
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            using var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
            Assert.Contains(
                "kept in us, ca",
                body.RootElement.GetProperty("errors")[0].GetProperty("message").GetString(),
                StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Get_RegionMayHaveTheRepositoryAfterAll_IsBelieved()
    {
        var mayHave = false;
        using var eu = new RawRegion(_ => mayHave ? RawRegion.Answer(200) : Refusal);
        var isGone = false;
        using var us = new RawRegion(_ => isGone ? null : RawRegion.Answer(200));
        await using var entrance = await BalancerProcess.StartAsync(("eu", eu.Address), ("us", us.Address));
        using var http = entrance.CreateClient();
        Assert.Equal("us", await AskAsync(http));

        (mayHave, isGone) = (true, true);

        Assert.Equal("eu", await AskAsync(http));
    }

    private static async Task<string> AskAsync(HttpClient http)
    {
        using var answer = await http.GetAsync("/v2/team/app/manifests/1");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return Assert.Single(answer.Headers.GetValues(Attempt.ServedBy));
    }

    // The first turn is that of the region that may not have the repository.
    private Task<BalancerProcess> StartAsync() => BalancerProcess.StartAsync(("eu", _eu.Address), ("us", _us.Address));
}
