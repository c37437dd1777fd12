using System.Net.Sockets;
using System.Text;
using GeoRegistry.Balancer.Tests.Processes;

namespace GeoRegistry.Balancer.Tests.Forwarding;

/// <summary>The target of a request reaches the region byte for byte.</summary>
public sealed class RawTargetTests
{
    [Theory]
    [InlineData("/v2/team/app/tags/list")]
    [InlineData("/v2/team%2Fapp/tags/list")]
    [InlineData("/v2/team%2fapp/manifests/%31.2")]
    [InlineData("/v2/../v2/team/./app//manifests/1")]
    [InlineData("/v2/team/app/tags/list?n=2&last=a%2Bb+c%20d&x")]
    [InlineData("/v2/team/app/blobs/uploads/?digest=sha256%3Aabc&mount=sha256:abc")]
    [InlineData("/v2/%")]
    [InlineData("/")]
    [InlineData("/?")]
    public async Task Request_AnyTarget_ReachesTheRegionUnchanged(string target)
    {
        using var region = new RawRegion("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
        await using var entrance = await BalancerProcess.StartAsync(("eu", region.Address));

        var answer = await SendAsync(
            entrance.Address, $"GET {target} HTTP/1.1\r\nHost: registry.example.com\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 204 ", answer, StringComparison.Ordinal);
        Assert.Equal($"GET {target} HTTP/1.1", Assert.Single(region.RequestLines));
    }

    private static async Task<string> SendAsync(Uri address, string request)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(address.Host, address.Port);
        await socket.GetStream().WriteAsync(Encoding.Latin1.GetBytes(request));
        using var reader = new StreamReader(socket.GetStream(), Encoding.Latin1);
        return await reader.ReadToEndAsync();
    }
}
