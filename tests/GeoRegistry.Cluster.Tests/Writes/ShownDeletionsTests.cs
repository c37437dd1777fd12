using System.Net;
using System.Text.Json;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.Protocol.Manifests;
using Xunit.Abstractions;

namespace GeoRegistry.Cluster.Tests.Writes;

/// <summary>What was acknowledged is what every region shows, by digest and in lists too, unless it says that it may be stale.</summary>
public sealed class ShownDeletionsTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("deletion")]
    [InlineData("tag")]
    [InlineData("referrer")]
    public async Task Change_ThatACutOffRegionDidNotFollow_IsNotContradictedByItWithoutAWarning(string change)
    {
        await using var cluster = await RegionCluster.StartAsync();
        var (eu, us, ap, random) = (cluster["eu"].Client, cluster["us"].Client, cluster["ap"].Client, Seeds.Next(output));
        var (image, other) = (TestImage.Next(random, 1000), TestImage.Next(random, 1000));
        await eu.PushAsync("team/app", change == "tag" ? "1" : null, image); // A deletion of a tag would wait for itself.
        await eu.PushAsync("team/app", "other", other);
        await cluster.WaitUntilConvergedAsync();
        var path = change switch { "deletion" => $"manifests/{image.Digest}", "tag" => "manifests/1", _ => $"referrers/{image.Digest}" };
        var before = await ReadAsync(us);
        Assert.Equal((HttpStatusCode.OK, null), (before.Status, before.Warning));
        cluster.CutOff("us");

        // One change alone: it waits for us itself, and not for what waits beside it.
        if (change == "deletion") (await eu.DeleteManifestAsync("team/app", image.Digest)).Expect(HttpStatusCode.Accepted);
        else if (change == "tag") await eu.PutManifestAsync("team/app", "1", other);
        else (await eu.PutManifestAsync("team/app", null, ReferrerOf(image))).Expect(HttpStatusCode.Created);

        var answer = await ReadAsync(us);
        Assert.True(answer.MayBeStale, $"us answers {answer.Status} without a warning");
        foreach (var region in new[] { ap, eu })
        {
            answer = await ReadAsync(region);
            Assert.Equal((change == "deletion" ? HttpStatusCode.NotFound : HttpStatusCode.OK, null), (answer.Status, answer.Warning));
            if (change == "tag") Assert.Equal(other.Digest, answer.Digest);
            if (change == "referrer")
                Assert.Equal(1, JsonDocument.Parse(answer.Body).RootElement.GetProperty("manifests").GetArrayLength());
        }

        Task<Answer> ReadAsync(RegionClient client) => client.SendAsync(HttpMethod.Get, $"/v2/team/app/{path}");
    }

    [Fact]
    public async Task Delete_AndPushUnderAnotherMediaType_AreSeenInEveryRegionWhenTheyAreAcknowledged()
    {
        await using var cluster = await RegionCluster.StartAsync();
        var random = Seeds.Next(output);
        var clients = cluster.Regions.Select(region => region.Client).ToList();
        for (var round = 0; round < 10; round++)
        {
            var image = WithoutMediaType(TestImage.Next(random, 100));
            var other = image with { MediaType = MediaTypes.DockerManifest };
            var writer = clients[round % clients.Count];
            foreach (var type in new[] { image, other, image })
            {
                await writer.PushAsync("team/types", null, type);
                foreach (var client in clients)
                {
                    var answer = (await client.GetManifestAsync("team/types", type.Digest)).Expect(HttpStatusCode.OK);
                    Assert.True(
                        answer.Headers["Content-Type"] == type.MediaType && answer.Warning is null,
                        $"{client.Region}, round {round}: {answer.Headers["Content-Type"]} {answer.Warning}");
                }
            }

            (await writer.DeleteManifestAsync("team/types", image.Digest)).Expect(HttpStatusCode.Accepted);
            foreach (var client in clients) Assert.Equal(HttpStatusCode.NotFound,
                (await client.GetManifestAsync("team/types", image.Digest)).Status);
        }
    }

    // Only such a manifest can be pushed under two media types.
    private static TestImage WithoutMediaType(TestImage image) => Edit(image, fields => fields.Remove("mediaType"));

    private static TestImage ReferrerOf(TestImage subject) => Edit(
        subject, fields => fields["subject"] = JsonSerializer.SerializeToElement(
            new { mediaType = subject.MediaType, digest = subject.Digest, size = subject.Manifest.Length }));

    private static TestImage Edit(TestImage image, Action<Dictionary<string, JsonElement>> edit)
    {
        var fields = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(image.Manifest)!;
        edit(fields);
        return new TestImage(JsonSerializer.SerializeToUtf8Bytes(fields), image.MediaType, image.Blobs, image.Children);
    }
}
