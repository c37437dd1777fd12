using System.Net;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.TestKit;
using Xunit.Abstractions;

namespace GeoRegistry.Cluster.Tests.Policies;

/// <summary>Topologies that change while regions run.</summary>
public sealed class TopologyChangeTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Policy_ThatAllowsMoreRegions_BringsOverWhatWasWithheld()
    {
        await using var cluster = await RegionCluster.StartAsync(new ClusterPlan { Policies = [new("narrow") { Regions = ["eu"] }] });
        var image = TestImage.Next(Seeds.Next(output), 5000);
        await cluster["eu"].Client.PushAsync("narrow/app", "1", image);
        await cluster.WaitUntilConvergedAsync();
        Assert.Equal(HttpStatusCode.Forbidden, (await cluster["us"].Client.GetManifestAsync("narrow/app", "1")).Status);

        cluster.ChangeTopology(version: 2, [new("narrow") { Regions = ["eu", "us"] }]);
        await Waiting.UntilAsync("us stores what it may have now", () =>
            Task.FromResult(image.Blobs.All(blob => cluster["us"].Blobs.Has(blob.Digest))));

        await cluster["us"].Client.PullExactlyAsync("narrow/app", "1", image);
        Assert.Equal(HttpStatusCode.Forbidden, (await cluster["ap"].Client.GetManifestAsync("narrow/app", "1")).Status);
        Assert.All(image.Blobs, blob => Assert.False(cluster["ap"].Blobs.Has(blob.Digest)));
    }

    [Fact]
    public async Task Policy_WidenedWhileARegionIsDown_ReachesItAndNoPushCountsItBefore()
    {
        await using var cluster = await RegionCluster.StartAsync(new ClusterPlan { Policies = [new("narrow") { Regions = ["eu"] }] });
        var (eu, us, image) = (cluster["eu"], cluster["us"], TestImage.Next(Seeds.Next(output), 5000));
        var receipt = (await eu.Client.PushAsync("narrow/app", "1", image)).Receipt;
        await cluster.WaitUntilConvergedAsync();
        await us.StopAsync();
        cluster.ChangeTopology(version: 2, [new("narrow") { Regions = ["eu", "us"] }]);

        await us.StartAsync();
        await Waiting.UntilAsync("eu adopts version 2", () =>
            Task.FromResult(eu.Output.Contains("Adopted version 2", StringComparison.Ordinal)));
        await eu.Client.PushAsync("narrow/app", "1", image, durability: "all"); // Changes nothing, and waits for us all the same.

        Assert.All(image.Blobs, blob => Assert.True(us.Blobs.Has(blob.Digest)));
        await us.Client.PullExactlyAsync("narrow/app", "1", image);
        var states = await us.Client.GetJsonAsync<ReceiptAnswer>($"/api/v1/receipts/{receipt}");
        Assert.Equal(("complete", "complete", "excluded"), (states.In("eu"), states.In("us"), states.In("ap")));
    }

    [Fact]
    public async Task Policy_WidenedAndTheTakeOverIsKilled_IsTakenOverAfterTheRestart()
    {
        await using var cluster = await RegionCluster.StartAsync(new ClusterPlan { Policies = [new("narrow") { Regions = ["eu"] }] });
        var (eu, us, random) = (cluster["eu"], cluster["us"], Seeds.Next(output));
        var images = Enumerable.Range(0, 5)
            .Select(number => (Repository: $"narrow/app{number}", Image: TestImage.Next(random, 5000)))
            .ToList();
        foreach (var (repository, image) in images) await eu.Client.PushAsync(repository, "1", image);
        await cluster.WaitUntilConvergedAsync();
        cluster.Cut("eu", "us");
        cluster.ChangeTopology(version: 2, [new("narrow") { Regions = ["eu", "us"] }]);
        await Waiting.UntilAsync("us adopts version 2", () =>
            Task.FromResult(us.Output.Contains("Adopted version 2", StringComparison.Ordinal)));
        await us.KillAsync(); // Nothing is taken over yet, and the topology is the same after the start.
        cluster.Heal("eu", "us");

        await us.StartAsync();
        await eu.Client.PushAsync("narrow/app0", "1", images[0].Image, durability: "all");

        await cluster.WaitUntilConvergedAsync();
        foreach (var (repository, image) in images) await us.Client.PullExactlyAsync(repository, "1", image);
        Assert.All(images.SelectMany(image => image.Image.Blobs), blob => Assert.True(us.Blobs.Has(blob.Digest)));
    }

    [Fact]
    public async Task Policy_ThatBecomesEager_BringsTheBlobsOfWhatIsThere()
    {
        await using var cluster = await RegionCluster.StartAsync(new ClusterPlan { Policies = [new("rare") { Hydration = "lazy" }] });
        var (us, image) = (cluster["us"], TestImage.Next(Seeds.Next(output), 5000));
        var receipt = (await cluster["eu"].Client.PushAsync("rare/app", "1", image)).Receipt;
        await cluster.WaitUntilConvergedAsync();
        Assert.All(image.Blobs, blob => Assert.False(us.Blobs.Has(blob.Digest)));

        cluster.ChangeTopology(version: 2, []);
        await Waiting.UntilAsync("us stores what is wanted there now", () =>
            Task.FromResult(image.Blobs.All(blob => us.Blobs.Has(blob.Digest))));
        await Waiting.UntilAsync("the push is complete in us", async () =>
            (await us.Client.GetJsonAsync<ReceiptAnswer>($"/api/v1/receipts/{receipt}?region=us")).In("us") == "complete");
    }

    [Fact]
    public async Task Policy_ThatExcludesAndLetsInAgain_BringsWhatWasWithheldMeanwhile()
    {
        await using var cluster = await RegionCluster.StartAsync();
        var (eu, us, image) = (cluster["eu"], cluster["us"], TestImage.Next(Seeds.Next(output), 5000));
        await eu.Client.PushAsync("moody/app", "1", image);
        await cluster.WaitUntilConvergedAsync();
        await us.StopAsync();
        cluster.ChangeTopology(version: 2, [new("moody") { Regions = ["eu", "ap"] }]);
        await Waiting.UntilAsync("eu adopts version 2", () =>
            Task.FromResult(eu.Output.Contains("Adopted version 2", StringComparison.Ordinal)));
        var later = TestImage.Next(new Random(2), 5000);
        await eu.Client.PushAsync("moody/app", "1", later);
        var second = cluster.Topology;
        await eu.SuspendAsync();
        cluster.ChangeTopology(version: 3, []);
        await us.StartAsync(); // With version 3, which says what version 1 said; eu follows later.
        var third = cluster.Topology;
        cluster.Topology = second;
        await eu.ContinueAsync();
        await Waiting.UntilAsync("us hears of eu's second commit", async () => (await us.ReplicationAsync()).From("eu").Head == 2);

        cluster.Topology = third;
        await Waiting.UntilAsync("us stores what was withheld", () => Task.FromResult(later.Blobs.All(blob => us.Blobs.Has(blob.Digest))));
        await us.Client.PullExactlyAsync("moody/app", "1", later);
    }

    [Fact]
    public async Task Policy_ThatExcludesARegionWhichHasNotAdoptedIt_LetsItShowNothingOld()
    {
        await using var cluster = await RegionCluster.StartAsync();
        var (eu, us, random) = (cluster["eu"], cluster["us"], Seeds.Next(output));
        var (before, after) = (TestImage.Next(random, 100), TestImage.Next(random, 100));
        await eu.Client.PushAsync("moody/app", "1", before);
        await cluster.WaitUntilConvergedAsync();
        var first = cluster.Topology;
        await us.SuspendAsync();
        cluster.ChangeTopology(version: 2, [new("moody") { Regions = ["eu", "ap"] }]);
        await Waiting.UntilAsync("eu adopts version 2", () =>
            Task.FromResult(eu.Output.Contains("Adopted version 2", StringComparison.Ordinal)));
        cluster.Topology = first;
        await us.ContinueAsync();
        await Waiting.UntilAsync("us follows eu again", async () => (await us.ReplicationAsync()).From("eu").HeardSeconds < 1);

        await eu.Client.PushAsync("moody/app", "1", after);
        await Waiting.UntilAsync("us hears of the commit that is withheld from it", async () =>
            (await us.ReplicationAsync()).From("eu") is { Head: 2 } source && source.Applied == source.Head);

        await us.Client.PullExactlyAsync("moody/app", "1", after); // Or 403, had it taken up version 2.
    }
}
