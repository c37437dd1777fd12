using System.Net;
using System.Text.Json;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.TestKit;
using Xunit.Abstractions;

namespace GeoRegistry.Cluster.Tests.Writes;

/// <summary>Whoever wrote to a region sees it there, wherever the home is.</summary>
[Collection(SharedRegions.Collection)]
public sealed class ReadYourWritesTests(SharedRegions shared, ITestOutputHelper output)
{
    private static readonly int Rounds = LongTests.AreOn ? 30 : 5;

    [Fact]
    public async Task Read_InTheRegionThatWasWrittenTo_SeesEveryWrite()
    {
        var random = Seeds.Next(output);
        var clients = shared.Cluster.Regions.SelectMany(region => new[] { "own", "us-team/own", "ap-team/own" }
            .Select(prefix => (region.Client, Repository: $"{prefix}/{region.Id}")));
        await Task.WhenAll(clients.Select(client => WriteAndReadAsync(client.Client, client.Repository, new Random(random.Next()))));
    }

    private static async Task WriteAndReadAsync(RegionClient client, string repository, Random random)
    {
        for (var round = 0; round < Rounds; round++)
        {
            var image = TestImage.Next(random, 500);
            await client.PushAsync(repository, "moving", image);
            Assert.Equal(image.Digest, (await client.HeadManifestAsync(repository, "moving")).Expect(HttpStatusCode.OK).Digest);
            await client.PullExactlyAsync(repository, "moving", image);
            await client.PushAsync(repository, $"{round}", image);
            Assert.Contains($"{round}", await ListTagsAsync(client, repository));
            (await client.DeleteManifestAsync(repository, $"{round}")).Expect(HttpStatusCode.Accepted);
            Assert.Equal(HttpStatusCode.NotFound, (await client.GetManifestAsync(repository, $"{round}")).Status);
            Assert.DoesNotContain($"{round}", await ListTagsAsync(client, repository));
        }
    }

    private static async Task<List<string>> ListTagsAsync(RegionClient client, string repository)
    {
        var answer = (await client.SendAsync(HttpMethod.Get, $"/v2/{repository}/tags/list")).Expect(HttpStatusCode.OK);
        return [.. JsonDocument.Parse(answer.Text).RootElement.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()!)];
    }
}
