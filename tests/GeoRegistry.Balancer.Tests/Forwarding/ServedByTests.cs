using GeoRegistry.Balancer.Tests.Processes;

namespace GeoRegistry.Balancer.Tests.Forwarding;

public sealed class ServedByTests
{
    [Theory]
    [InlineData("", "eu")]
    [InlineData("GeoRegistry-Served-By: ap\r\n", "ap")]
    public async Task Get_AnswerThatARegionGave_NamesTheRegionThatReallyAnswered(string header, string expected)
    {
        using var region = new RawRegion($"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n{header}Connection: close\r\n\r\n");
        await using var entrance = await BalancerProcess.StartAsync(("eu", region.Address));
        using var http = entrance.CreateClient();

        using var answer = await http.GetAsync("/v2/");

        Assert.Equal(expected, Assert.Single(answer.Headers.GetValues("GeoRegistry-Served-By")));
    }
}
