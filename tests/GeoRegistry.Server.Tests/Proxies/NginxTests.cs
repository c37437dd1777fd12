using System.Net;
using GeoRegistry.Server.Tests.Clients;
using GeoRegistry.TestKit;

namespace GeoRegistry.Server.Tests.Proxies;

/// <summary>nginx talks HTTP/1.0 to what is behind it, unless it is told otherwise: no chunks, and a length for every body.</summary>
public sealed class NginxTests
{
    [Theory]
    [InlineData("on", true)]
    [InlineData("on", false)]
    [InlineData("off", true)]
    [InlineData("off", false)]
    public async Task PushAndPull_ThroughItsHttp10_Succeed(string buffering, bool lengthUnknown)
    {
        using var folder = new TemporaryFolder();
        await using var server = await RegistryProcess.StartAsync(folder.Path);
        await using var nginx = await NginxProcess.StartAsync(server.Address, buffering);
        using var http = new HttpClient { BaseAddress = nginx.Address };
        var client = new RepositoryClient(http, "team/app");
        var blob = new SeededBlob(1, 3 * 1024 * 1024);
        var location = (await client.BeginUploadAsync()).Expect(HttpStatusCode.Accepted).Location!;

        using var patch = new HttpRequestMessage(HttpMethod.Patch, location) { Content = new ByteArrayContent(blob.ToBytes()) };
        patch.Headers.TransferEncodingChunked = lengthUnknown;
        (await Answer.ReadAsync(await http.SendAsync(patch))).Expect(HttpStatusCode.Accepted);
        (await client.CompleteAsync(location, blob.Digest)).Expect(HttpStatusCode.Created);
        var image = ImageManifest.Of("sample", (blob.Digest, blob.SizeBytes));
        await client.PushBlobAsync(blob.ToBytes());
        (await client.PutManifestAsync("1", image)).Expect(HttpStatusCode.Created);

        Assert.Equal(image, (await client.GetManifestAsync("1")).Expect(HttpStatusCode.OK).Body);
        Assert.Equal(blob.ToBytes(), (await client.GetBlobAsync(blob.Digest)).Expect(HttpStatusCode.OK).Body);
    }
}
