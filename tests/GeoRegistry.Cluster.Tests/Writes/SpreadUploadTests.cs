using System.Net;
using System.Net.Sockets;
using System.Text;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.TestKit;
using Xunit.Abstractions;

namespace GeoRegistry.Cluster.Tests.Writes;

/// <summary>A balancer may send every request of a push to another region.</summary>
[Collection(SharedRegions.Collection)]
public sealed class SpreadUploadTests(SharedRegions shared, ITestOutputHelper output)
{
    private RegionClient[] Clients => [.. shared.Cluster.Regions.Select(region => region.Client)];

    [Theory]
    [InlineData("spread/chunks", 0)]
    [InlineData("spread/chunks", 1)]
    [InlineData("us-team/spread", 2)]
    public async Task Push_InChunksToDifferentRegions_IsOnePush(string repository, int first)
    {
        var clients = Clients;
        var next = first;
        var image = TestImage.Next(Seeds.Next(output), 300_000, 5);
        foreach (var blob in image.Blobs)
        {
            Assert.Equal(HttpStatusCode.NotFound, (await Next().HeadBlobAsync(repository, blob.Digest)).Status);
            var location = (await Next().BeginUploadAsync(repository)).Headers["Location"];
            var (third, offset) = ((blob.Bytes.Length / 3) + 1, 0);
            foreach (var chunk in blob.Bytes.Chunk(third).SkipLast(1))
            {
                var patched = (await Next().PatchAsync(location, chunk, offset)).Expect(HttpStatusCode.Accepted);
                (location, offset) = (patched.Headers["Location"], offset + chunk.Length);
                Assert.Equal($"0-{offset - 1}", patched.Headers["Range"]);
                var status = (await Next().SendAsync(HttpMethod.Get, new Uri(new Uri("http://any"), location).PathAndQuery)).Expect(
                    HttpStatusCode.NoContent);
                Assert.Equal($"0-{offset - 1}", status.Headers["Range"]);
            }

            (await Next().CompleteUploadAsync(location, blob.Digest, blob.Bytes.AsMemory(offset))).Expect(HttpStatusCode.Created);
            (await Next().HeadBlobAsync(repository, blob.Digest)).Expect(HttpStatusCode.OK);
        }

        (await Next().PutManifestAsync(repository, "1", image)).Expect(HttpStatusCode.Created);
        foreach (var client in clients) await client.PullExactlyAsync(repository, "1", image);

        RegionClient Next() => clients[next++ % clients.Length];
    }

    [Fact]
    public async Task Push_OfWhatAnotherRegionHas_UploadsNothing()
    {
        var image = TestImage.Next(Seeds.Next(output), 1000);
        await shared.Eu.Client.PushAsync("spread/known", "1", image);

        foreach (var blob in image.Blobs) (await shared.Us.Client.HeadBlobAsync("spread/known", blob.Digest)).Expect(HttpStatusCode.OK);
        (await shared.Us.Client.PutManifestAsync("spread/known", "2", image)).Expect(HttpStatusCode.Created);

        await shared.Ap.Client.PullExactlyAsync("spread/known", "2", image);
    }

    [Fact]
    public async Task Mount_OfABlobThatAnotherRegionHas_IsThere()
    {
        var image = TestImage.Next(Seeds.Next(output), 1000);
        await shared.Eu.Client.PushAsync("spread/from", "1", image);

        foreach (var blob in image.Blobs)
            (await shared.Us.Client.MountAsync("us-team/mounted", blob.Digest, "spread/from")).Expect(HttpStatusCode.Created);
        (await shared.Ap.Client.PutManifestAsync("us-team/mounted", "1", image)).Expect(HttpStatusCode.Created);

        foreach (var client in Clients) await client.PullExactlyAsync("us-team/mounted", "1", image);
    }

    /// <summary>
    /// A connection was lost without a sign, and its client asks another region how far the upload is, which waits no longer than for
    /// any other read.
    /// </summary>
    [Fact]
    public async Task Status_WhileALostRequestSeemsToGoOn_IsAnsweredThroughAnotherRegion()
    {
        var location = (await shared.Eu.Client.BeginUploadAsync("spread/lost")).Headers["Location"];
        using var lost = new TcpClient();
        await lost.ConnectAsync(shared.Eu.Address.Host, shared.Eu.Address.Port);
        await lost.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
            $"PATCH {location} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n"));
        using var reader = new StreamReader(lost.GetStream(), Encoding.ASCII);
        Assert.StartsWith(
            "HTTP/1.1 100", await reader.ReadLineAsync().OrFail("the request being taken up"), StringComparison.Ordinal);
        await lost.GetStream().WriteAsync("hello"u8.ToArray());

        var status = await shared.Us.Client.SendAsync(HttpMethod.Get, location);

        Assert.Equal("0-4", status.Expect(HttpStatusCode.NoContent).Headers["Range"]);
    }

    [Fact]
    public async Task Complete_WithAnotherDigest_IsRefusedThroughAnyRegion()
    {
        var blob = Blob.Next(Seeds.Next(output), 1000);
        var location = (await shared.Eu.Client.BeginUploadAsync("spread/wrong")).Headers["Location"];

        var answer = await shared.Us.Client.CompleteUploadAsync(location, Blob.Next(new Random(1), 10).Digest, blob.Bytes);

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Contains("DIGEST_INVALID", answer.Text, StringComparison.Ordinal);
    }
}
