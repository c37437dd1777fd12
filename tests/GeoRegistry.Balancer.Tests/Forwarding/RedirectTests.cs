using System.Net;
using System.Net.Http.Headers;
using GeoRegistry.Balancer.Tests.Processes;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Balancer.Tests.Forwarding;

/// <summary>A region that sends clients of large blobs to its storage account.</summary>
public sealed class RedirectTests
{
    [Fact]
    public async Task Blob_OfARegionThatRedirects_IsReadAtTheAccountByTheClientItself()
    {
        var blob = SampleBlob.Random(1, 1024 * 1024);
        using var folder = new TemporaryFolder();
        await using var azurite = await AzuriteProcess.StartAsync();
        await using var server = await RegistryProcess.StartAsync(
            folder.Path,
            "--region", "eu",
            "--GeoRegistry:Azure:ConnectionString", azurite.ConnectionString,
            "--GeoRegistry:Azure:Container", "blobs-of-eu",
            "--GeoRegistry:Azure:CreateContainer", "true",
            "--GeoRegistry:Azure:RedirectMinMiB", "1");
        await using var entrance = await BalancerProcess.StartAsync(("eu", server.Address));
        using var http = entrance.CreateClient();
        using var following = new HttpClient { BaseAddress = entrance.Address };
        using var pushed = await http.PostAsync($"/v2/team/app/blobs/uploads/?digest={blob.Digest}", new ByteArrayContent(blob.Content));
        Assert.Equal(HttpStatusCode.Created, pushed.StatusCode);

        using var told = await http.GetAsync($"/v2/team/app/blobs/{blob.Digest}");
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v2/team/app/blobs/{blob.Digest}");
        request.Headers.Range = new RangeHeaderValue(5, 14);
        using var read = await following.SendAsync(request);

        Assert.Equal(HttpStatusCode.TemporaryRedirect, told.StatusCode);
        Assert.Equal(azurite.Port, told.Headers.Location!.Port);
        Assert.Equal($"{blob.Digest}", Assert.Single(told.Headers.GetValues("Docker-Content-Digest")));
        Assert.Equal("eu", Assert.Single(told.Headers.GetValues("GeoRegistry-Served-By")));
        Assert.Equal(blob.Content, await following.GetByteArrayAsync($"/v2/team/app/blobs/{blob.Digest}"));
        Assert.Equal(HttpStatusCode.PartialContent, read.StatusCode);
        Assert.Equal(blob.Content[5..15], await read.Content.ReadAsByteArrayAsync());
    }
}
