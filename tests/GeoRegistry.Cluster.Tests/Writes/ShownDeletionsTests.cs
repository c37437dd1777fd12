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
    [Fact]
    public async Task Change_ThatACutOffRegionDidNotFollow_IsNotContradictedByItWithoutAWarning()
    {
        await using var cluster = await RegionCluster.StartAsync();
        var (eu, us, ap, random) = (cluster["eu"].Client, cluster["us"].Client, cluster["ap"].Client, Seeds.Next(output));
        var (deleted, moved, subject) = (TestImage.Next(random, 1000), TestImage.Next(random, 1000), TestImage.Next(random, 1000));
        foreach (var (tag, image) in new[] { ("deleted", deleted), ("moved", moved), ("subject", subject) }) await eu.PushAsync("team/app", tag, image);
        await cluster.WaitUntilConvergedAsync();
        cluster.CutOff("us");

        // All at once: each alone would wait out the lease of us.
        await Task.WhenAll(
            DeleteAsync(),
            eu.PushAsync("team/app", "moved", subject),
            eu.PushAsync("team/app", null, ReferrerOf(subject)));

        foreach (var (region, isCut) in new[] { (us, true), (ap, false), (eu, false) })
        {
            var byDigest = await region.GetManifestAsync("team/app", deleted.Digest);
            var byTag = await region.GetManifestAsync("team/app", "moved");
            var referrers = await region.SendAsync(HttpMethod.Get, $"/v2/team/app/referrers/{subject.Digest}");
            if (isCut)
            {
                Assert.All(new[] { byDigest, byTag, referrers }, answer => Assert.True(answer.MayBeStale, $"{answer.Request}: {answer.Status} without a warning"));
                continue;
            }

            Assert.Equal(HttpStatusCode.NotFound, byDigest.Status);
            Assert.Equal((HttpStatusCode.OK, subject.Digest, null), (byTag.Status, byTag.Digest, byTag.Warning));
            Assert.Equal(1, JsonDocument.Parse(referrers.Body).RootElement.GetProperty("manifests").GetArrayLength());
        }

        async Task DeleteAsync() => (await eu.DeleteManifestAsync("team/app", deleted.Digest)).Expect(HttpStatusCode.Accepted);
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
                    Assert.True(answer.Headers["Content-Type"] == type.MediaType && answer.Warning is null, $"{client.Region}, round {round}: {answer.Headers["Content-Type"]} {answer.Warning}");
                }
            }

            (await writer.DeleteManifestAsync("team/types", image.Digest)).Expect(HttpStatusCode.Accepted);
            foreach (var client in clients) Assert.Equal(HttpStatusCode.NotFound, (await client.GetManifestAsync("team/types", image.Digest)).Status);
        }
    }

    // Only such a manifest can be pushed under two media types.
    private static TestImage WithoutMediaType(TestImage image) => Edit(image, fields => fields.Remove("mediaType"));

    private static TestImage ReferrerOf(TestImage subject) => Edit(
        subject, fields => fields["subject"] = JsonSerializer.SerializeToElement(new { mediaType = subject.MediaType, digest = subject.Digest, size = subject.Manifest.Length }));

    private static TestImage Edit(TestImage image, Action<Dictionary<string, JsonElement>> edit)
    {
        var fields = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(image.Manifest)!;
        edit(fields);
        return new TestImage(JsonSerializer.SerializeToUtf8Bytes(fields), image.MediaType, image.Blobs, image.Children);
    }
}
