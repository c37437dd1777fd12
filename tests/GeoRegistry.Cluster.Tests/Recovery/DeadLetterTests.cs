using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.TestKit;
using Xunit.Abstractions;

namespace GeoRegistry.Cluster.Tests.Recovery;

/// <summary>A blob that no region has any more stays visible until somebody puts it back.</summary>
[Trait("Stores", "embedded")]
public sealed class DeadLetterTests(ITestOutputHelper output)
{
    /// <summary>How the blob comes back.</summary>
    public enum Return
    {
        /// <summary>An operator lets it be retried.</summary>
        Retried,

        /// <summary>Somebody pushes it.</summary>
        Pushed,

        /// <summary>It is in the store, and the process ended before it took note of that.</summary>
        StoredWithoutANote,
    }

    [Theory]
    [InlineData(Return.Retried)]
    [InlineData(Return.Pushed)]
    [InlineData(Return.StoredWithoutANote)]
    public async Task Hydrate_OfABlobThatNoRegionHas_IsADeadLetterUntilItIsBack(Return by)
    {
        await using var cluster = await RegionCluster.StartAsync(new ClusterPlan
        {
            Policies = [new("two") { Regions = ["eu", "us"] }],
            Options = new Dictionary<string, string> { ["GeoRegistry:Replication:HydrationAttempts"] = "2" },
        });
        var (eu, us) = (cluster["eu"], cluster["us"]);
        var image = TestImage.Next(Seeds.Next(output), 300_000);
        var layer = image.Blobs[1];
        cluster.CutOff("us");
        await eu.Client.PushAsync("two/app", "1", image);
        var (file, aside) = (eu.BlobFiles.PathOf(layer.Digest), Path.Combine(eu.DataFolder, "aside"));
        File.Move(file, aside);
        cluster.Rejoin("us");

        var dead = await Waiting.UntilAsync("a dead letter in us", async () =>
            (await DeadLettersAsync(us)).Blobs.FirstOrDefault(blob => blob.Digest == layer.Digest));
        Assert.Equal(("us", "two/app", (long)layer.Bytes.Length, 2), (dead.Region, dead.Repository, dead.SizeBytes, dead.Attempts));
        Assert.Null(dead.RetryInSeconds);
        Assert.NotNull(dead.Error);
        Assert.Equal(1, (await us.ReplicationAsync()).From("eu").DeadLetters);
        // Another region tells of it too.
        Assert.Contains(
            (await eu.Client.GetJsonAsync<PendingBlobs>("/api/v1/replication/dead-letters?region=us")).Blobs,
            blob => blob.Digest == layer.Digest);

        if (by == Return.Pushed)
        {
            // Somebody who has the blob pushes it to the region: it is a dead letter no more, and nobody need retry.
            await us.Client.PushBlobAsync("two/app", layer, looksFirst: false);
            Assert.Empty((await DeadLettersAsync(us)).Blobs);
            await cluster.WaitUntilConvergedAsync();
            await us.Client.PullExactlyAsync("two/app", "1", image);
            return;
        }

        if (by == Return.StoredWithoutANote)
        {
            await us.StopAsync();
            File.Copy(aside, us.BlobFiles.PathOf(layer.Digest));
            await us.StartAsync();
            await Waiting.UntilAsync("the dead letter is gone", async () => (await DeadLettersAsync(us)).Blobs.Count == 0);
            await cluster.WaitUntilConvergedAsync();
            return;
        }

        File.Move(aside, file);
        Assert.Equal(1, (await eu.Client.PostAsync<RetryAnswer>($"/api/v1/replication/retry?region=us&digest={layer.Digest}")).Retried);
        await Waiting.UntilAsync("the blob is in us", () => Task.FromResult(us.Blobs.Has(layer.Digest)));
        await cluster.WaitUntilConvergedAsync();
        Assert.Empty((await DeadLettersAsync(us)).Blobs);
        await us.Client.PullExactlyAsync("two/app", "1", image);
    }

    /// <summary>What comes back anywhere is news to all that await it: a client pushes through whichever region has its turn.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Hydrate_OfADeadLetterThatAnotherRegionWasPushed_FetchesItWithoutBeingAsked(bool isNamedAgain)
    {
        await using var cluster = await RegionCluster.StartAsync(new ClusterPlan
        {
            Policies = [new("two") { Regions = ["eu", "us"] }],
            Options = new Dictionary<string, string> { ["GeoRegistry:Replication:HydrationAttempts"] = "2" },
        });
        var (eu, us) = (cluster["eu"], cluster["us"]);
        var image = TestImage.Next(Seeds.Next(output), 300_000);
        var layer = image.Blobs[1];
        cluster.CutOff("us");
        await eu.Client.PushAsync("two/app", "1", image);
        File.Delete(eu.BlobFiles.PathOf(layer.Digest));
        cluster.Rejoin("us");
        await Waiting.UntilAsync("a dead letter in us", async () =>
            (await DeadLettersAsync(us)).Blobs.FirstOrDefault(blob => blob.Digest == layer.Digest));

        await eu.Client.PushBlobAsync("two/app", layer, looksFirst: false);
        if (isNamedAgain) await eu.Client.PushAsync("two/other", "1", image);

        await Waiting.UntilAsync("the blob is in us", () => Task.FromResult(us.Blobs.Has(layer.Digest)));
        Assert.Empty((await DeadLettersAsync(us)).Blobs);
    }

    private static Task<PendingBlobs> DeadLettersAsync(ClusterRegion region) =>
        region.Client.GetJsonAsync<PendingBlobs>($"/api/v1/replication/dead-letters?region={region.Id}");
}
