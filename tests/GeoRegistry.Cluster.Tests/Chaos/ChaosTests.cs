using GeoRegistry.Cluster.Tests.Histories;
using GeoRegistry.Cluster.Tests.Links;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.TestKit;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace GeoRegistry.Cluster.Tests.Chaos;

/// <summary>Regions are killed and links are cut at random under load; afterwards the whole run is judged.</summary>
public sealed class ChaosTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Duration = LongTests.AreOn ? TimeSpan.FromMinutes(6) : TimeSpan.FromSeconds(30);
    private static readonly ParallelOptions Parallelism = new() { MaxDegreeOfParallelism = 8 };

    [Fact]
    public async Task Run_WithKillsAndCuts_IsLinearLosesNothingAndEndsEqual()
    {
        var random = Seeds.Next(output);
        await using var cluster = await RegionCluster.StartAsync(new ClusterPlan { Link = LinkQuality.Wide with { Loss = 0.0005 } });
        var (trouble, history) = (new Trouble(cluster, new Random(random.Next())), new RunHistory());
        using var load = new ChaosLoad(cluster, trouble, history);
        using var end = new CancellationTokenSource(Duration);
        try
        {
            await Task.WhenAll(trouble.MakeAsync(end.Token), load.RunAsync(new Random(random.Next()), end.Token));
            await cluster.WaitUntilConvergedAsync();
            await load.ReadAllAsync();
            await AssertEachHasAllAsync(cluster, load);
            await cluster.StopAsync();
            var commits = LedgerAudit.AssertEqual([.. cluster.Regions]);
            output.WriteLine($"{history.Count} recorded, {load.Acknowledged.Count} images acknowledged, {load.Pulls} pulls of which trouble refused {load.Refused}, {commits} commits");
            history.AssertRight(cluster.Regions);
            foreach (var region in cluster.Regions) region.Blobs.AssertWhole();
            Assert.True(load.Acknowledged.Count > Duration.TotalSeconds, "The load hardly came to push.");
        }
        catch (Exception e)
        {
            throw new XunitException($"{e.Message}\nThe trouble was: {string.Join("; ", trouble.Done)}\n{cluster.Tails()}", e);
        }

        output.WriteLine($"The trouble was: {string.Join("; ", trouble.Done)}");
    }

    // With no other region in reach, what is answered is the region's own.
    private static async Task AssertEachHasAllAsync(RegionCluster cluster, ChaosLoad load)
    {
        foreach (var link in cluster.Links) link.Cut(CutMode.Refused);
        foreach (var region in cluster.Regions)
            await Parallel.ForEachAsync(load.Acknowledged.Keys, Parallelism, async (image, _) => await region.Client.PullAsync(image.Repository, image.Digest));
        cluster.HealAll();
    }
}
