using System.Diagnostics;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.TestKit;
using Xunit.Abstractions;

namespace GeoRegistry.Cluster.Tests.Recovery;

/// <summary>A region that is frozen, its connections open: what is here, and what another region has, is served as before.</summary>
public sealed class FrozenRegionTests(ITestOutputHelper output)
{
    private const int Blobs = 60, LocalPulls = 300;

    private static readonly ClusterPlan Plan = new() { Policies = [new("lazy") { Hydration = "lazy" }] };

    [Fact]
    public async Task Pulls_WhileTheHomeIsFrozen_GoOnAtTheirRateAndTheHomeIsFollowedSoonAfter()
    {
        await using var cluster = await RegionCluster.StartAsync(Plan);
        var (eu, us, ap, random) = (cluster["eu"], cluster["us"], cluster["ap"], Seeds.Next(output));
        var local = TestImage.Next(random, 1000);
        await eu.Client.PushAsync("team/app", "1", local);
        var image = TestImage.Next(random, [.. Enumerable.Repeat(2000, 2 * Blobs)]);
        await eu.Client.PushAsync("lazy/app", "1", image);
        await ap.Client.PullExactlyAsync("lazy/app", "1", image);
        await cluster.WaitUntilConvergedAsync();
        await us.Client.PullExactlyAsync("team/app", "1", local);
        var (before, after) = (image.Blobs.Skip(1).Take(Blobs).ToList(), image.Blobs.Skip(1 + Blobs).Take(Blobs).ToList());
        var usual = (Local: await PullLocallyAsync(), Through: await PullThroughAsync(before));

        await eu.SuspendAsync();
        await PullThroughAsync([after[0]]); // It finds out that the home is frozen.
        var frozen = (Local: await PullLocallyAsync(), Through: await PullThroughAsync(after[1..]));
        await eu.ContinueAsync();
        var continued = Stopwatch.StartNew();
        await Waiting.UntilAsync("us hears the home again", async () => (await us.ReplicationAsync()).From("eu").HeardSeconds < 1);

        output.WriteLine(
            $"local pulls: {usual.Local.TotalSeconds:0.00} s, frozen {frozen.Local.TotalSeconds:0.00} s; through another region: "
                + $"{usual.Through.TotalSeconds:0.00} s, frozen {frozen.Through.TotalSeconds:0.00} s; "
                + $"heard again after {continued.Elapsed.TotalSeconds:0.00} s");
        Assert.InRange(frozen.Local / usual.Local, 0, 5);
        Assert.InRange(frozen.Through.TotalSeconds, 0, 3 + (5 * usual.Through.TotalSeconds)); // Not a timeout of a second for each.
        Assert.InRange(continued.Elapsed.TotalSeconds, 0, 5);

        Task<TimeSpan> PullLocallyAsync() => TimeAsync(async () =>
        {
            for (var pull = 0; pull < LocalPulls; pull++) await us.Client.PullBlobAsync("team/app", local.Blobs[1].Digest);
        });
        Task<TimeSpan> PullThroughAsync(IReadOnlyList<Blob> blobs) => TimeAsync(async () =>
        {
            foreach (var blob in blobs) await us.Client.PullBlobAsync("lazy/app", blob.Digest);
        });
    }

    private static async Task<TimeSpan> TimeAsync(Func<Task> work)
    {
        var watch = Stopwatch.StartNew();
        await work();
        return watch.Elapsed;
    }
}
