using System.Net;
using System.Text.Json;
using GeoRegistry.Balancer.Tests.Processes;
using GeoRegistry.TestKit;

namespace GeoRegistry.Balancer.Tests.Forwarding;

/// <summary>A region that takes requests and ends the connection without an answer, as one does that is killed just then.</summary>
public sealed class BreakOffTests
{
    [Fact]
    public async Task Get_RegionBreaksOff_IsAnsweredByTheNext()
    {
        using var broken = new RawRegion(_ => null);
        using var folder = new TemporaryFolder();
        await using var server = await RegistryProcess.StartAsync(folder.Path, "--region", "us");
        await using var entrance = await BalancerProcess.StartAsync(("eu", broken.Address), ("us", server.Address));
        using var http = entrance.CreateClient();

        for (var i = 0; i < 4; i++)
        {
            using var answer = await http.GetAsync("/v2/");
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal("us", Assert.Single(answer.Headers.GetValues("GeoRegistry-Served-By")));
        }

        Assert.NotEmpty(broken.RequestLines);
    }

    [Fact]
    public async Task Push_RegionBreaksOff_IsNotRepeatedAndToldAsAnError()
    {
        using var broken = new RawRegion(_ => null);
        using var other = new RawRegion("HTTP/1.1 201 Created\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        await using var entrance = await BalancerProcess.StartAsync(("eu", broken.Address), ("us", other.Address));
        using var http = entrance.CreateClient();

        // The first turn is the broken region's.
        using var answer = await http.PutAsync("/v2/team/app/manifests/1", new StringContent("{}"));

        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        using var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        Assert.Equal("UNAVAILABLE", body.RootElement.GetProperty("errors")[0].GetProperty("code").GetString());
        Assert.Single(broken.RequestLines);
        Assert.Empty(other.RequestLines);
    }
}
