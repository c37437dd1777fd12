using System.Net;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.TestKit;
using Xunit.Abstractions;

namespace GeoRegistry.Cluster.Tests.Recovery;

/// <summary>A home that comes back without its data: the others have more than it, and nothing of that may be lost or hidden.</summary>
[Trait("Stores", "embedded")]
public sealed class LostDataTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Start_OfAHomeOnAnEmptyFolder_IsFoundOutAndChangesNothing()
    {
        await using var cluster = await RegionCluster.StartAsync();
        var (eu, us, random) = (cluster["eu"], cluster["us"], Seeds.Next(output));
        var image = TestImage.Next(random, 1000);
        var receipt = "";
        for (var number = 0; number < 5; number++) receipt = (await eu.Client.PushAsync("kept/app", $"{number}", image)).Receipt;
        await cluster.WaitUntilConvergedAsync();
        var kept = Path.Combine(Path.GetDirectoryName(eu.DataFolder)!, "kept");
        await eu.KillAsync();
        Directory.Move(eu.DataFolder, kept);

        await eu.StartAsync();
        foreach (var region in new[] { us, cluster["ap"] })
            await Waiting.UntilAsync($"{region.Id} sees that eu is not what it was", async () =>
                (await region.ReplicationAsync()).From("eu").State == "diverged");

        foreach (var region in cluster.Regions)
        {
            var refused = await region.Client.PutManifestAsync("kept/app", "new", image);
            Assert.True(refused.Status == HttpStatusCode.ServiceUnavailable, $"{region.Id}: {refused.Status} {refused.Text}");
        }

        // The home itself does not say that what it lost never was: the others are asked, and a name that nobody knows is not known.
        await eu.Client.PullExactlyAsync("kept/app", "4", image);
        Assert.True((await eu.Client.GetManifestAsync("kept/app", "4")).MayBeStale);
        Assert.Contains(
            "\"4\"",
            (await eu.Client.SendAsync(HttpMethod.Get, "/v2/kept/app/tags/list")).Expect(HttpStatusCode.OK).Text,
            StringComparison.Ordinal);
        (await eu.Client.GetManifestAsync("kept/app", "never-was")).Expect(HttpStatusCode.ServiceUnavailable);

        await us.Client.PullExactlyAsync("kept/app", "4", image);
        await Waiting.UntilAsync("us has no lease any more and says so", async () =>
            (await us.Client.GetManifestAsync("kept/app", "4")).MayBeStale);
        Assert.Equal("orphaned", (await us.Client.GetJsonAsync<ReceiptAnswer>($"/api/v1/receipts/{receipt}?region=us")).In("us"));
        Assert.NotEqual(0, (await us.ReplicationAsync()).From("eu").LagSeconds);

        await eu.KillAsync();
        Directory.Delete(eu.DataFolder, recursive: true);
        Directory.Move(kept, eu.DataFolder);
        await eu.StartAsync();
        await us.Client.PushAsync("kept/app", "after", image);
        await cluster.WaitUntilConvergedAsync();
        await cluster["ap"].Client.PullExactlyAsync("kept/app", "after", image);
    }

    /// <summary>It cannot know whether it was started on old data, and says so until another region has answered.</summary>
    [Fact]
    public async Task Start_OfAHomeThatReachesNoOther_AnswersWithAWarningUntilItDoes()
    {
        await using var cluster = await RegionCluster.StartAsync(new ClusterPlan { Policies = [new("strict") { Reads = "strict" }] });
        var (eu, image) = (cluster["eu"], TestImage.Next(Seeds.Next(output), 1000));
        foreach (var repository in new[] { "team/app", "strict/app" }) await eu.Client.PushAsync(repository, "1", image);
        Assert.False((await eu.Client.GetManifestAsync("team/app", "1")).MayBeStale);
        await cluster.WaitUntilConvergedAsync();
        foreach (var region in cluster.Regions) await region.KillAsync();

        await eu.StartAsync();

        var pulled = await eu.Client.GetManifestAsync("team/app", "1");
        Assert.Equal((HttpStatusCode.OK, true), (pulled.Status, pulled.MayBeStale));
        var tags = await eu.Client.SendAsync(HttpMethod.Get, "/v2/team/app/tags/list");
        Assert.Equal((HttpStatusCode.OK, true), (tags.Status, tags.MayBeStale));
        foreach (var blob in image.Blobs) Assert.Equal(blob.Bytes, await eu.Client.PullBlobAsync("team/app", blob.Digest));
        (await eu.Client.GetManifestAsync("strict/app", "1")).Expect(HttpStatusCode.ServiceUnavailable);
        (await eu.Client.GetManifestAsync("team/app", "never-was")).Expect(HttpStatusCode.ServiceUnavailable);

        await cluster["us"].StartAsync();
        await Waiting.UntilAsync("eu knows that it lost nothing", async () =>
            await eu.Client.GetManifestAsync("team/app", "1") is { Status: HttpStatusCode.OK, MayBeStale: false });
        await eu.Client.PullExactlyAsync("strict/app", "1", image);
        (await eu.Client.GetManifestAsync("team/app", "never-was")).Expect(HttpStatusCode.NotFound);
    }
}
