using GeoRegistry.Cluster.Tests.Histories;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.TestKit;
using Xunit.Abstractions;

namespace GeoRegistry.Cluster.Tests.Recovery;

/// <summary>A region that was away for longer than others keep commits, or that is new.</summary>
public sealed class LateRegionTests(ITestOutputHelper output)
{
    private static readonly int Commits = LongTests.AreOn ? 10_000 : 1_200;

    private static readonly ClusterPlan Plan = new()
    {
        Options = new Dictionary<string, string> { ["GeoRegistry:Replication:RetainedCommits"] = "200" },
    };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Start_LaterThanCommitsAreKept_ServesAtOnceAndCatchesUp(bool isNew)
    {
        var random = Seeds.Next(output);
        await using var cluster = await RegionCluster.StartAsync(Plan, isNew ? ["ap"] : []);
        var first = TestImage.Next(random, 1000);
        await cluster["eu"].Client.PushAsync("late/0", "before", first);
        if (!isNew)
        {
            await cluster.WaitUntilConvergedAsync();
            await cluster["ap"].StopAsync();
        }

        var pushed = await PushManyAsync(cluster, first, random);
        await cluster["ap"].StartAsync();

        // It has applied nothing yet.
        foreach (var (repository, tag, image) in pushed.Take(40)) await cluster["ap"].Client.PullExactlyAsync(repository, tag, image);
        await cluster["ap"].Client.PullExactlyAsync("late/0", "before", first);
        var own = TestImage.Next(random, 100);
        await cluster["ap"].Client.PushAsync("ap-team/late", "1", own);
        await cluster["us"].Client.PullExactlyAsync("ap-team/late", "1", own);

        await cluster.WaitUntilConvergedAsync();
        await cluster.StopAsync();
        // Where commits are dropped, only the heads tell that histories are equal.
        LedgerAudit.AssertHeadsEqual([.. cluster.Regions]);
        foreach (var blob in pushed.SelectMany(push => push.Image.AllBlobs))
            Assert.True(cluster["ap"].Blobs.Has(blob.Digest), $"{blob.Digest} is missing");
    }

    // Manifests of the same blobs: what is late is metadata; some have a layer of their own.
    private static async Task<List<(string Repository, string Tag, TestImage Image)>> PushManyAsync(
        RegionCluster cluster, TestImage first, Random random)
    {
        List<(string Repository, string Tag, TestImage Image)> pushed = [.. Enumerable.Range(0, Commits).Select(number =>
        {
            var prefix = number % 3 == 0 ? "us-team/late" : "late";
            List<Blob> blobs = number % 50 == 0 ? [first.Blobs[0], Blob.Next(random, 20_000)] : [.. first.Blobs];
            return ($"{prefix}/{number % 20}", $"{number}", TestImage.Of(blobs, $"{number}"));
        })];
        foreach (var repository in pushed.Select(push => push.Repository).Distinct())
        {
            foreach (var blob in first.Blobs) await HomeOf(cluster, repository).PushBlobAsync(repository, blob);
        }

        await Parallel.ForEachAsync(pushed, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (push, _) =>
        {
            var home = HomeOf(cluster, push.Repository);
            if (push.Image.Blobs[1] != first.Blobs[1]) await home.PushBlobAsync(push.Repository, push.Image.Blobs[1]);
            (await home.PutManifestAsync(push.Repository, push.Tag, push.Image)).Expect(System.Net.HttpStatusCode.Created);
        });
        return [.. pushed.OrderBy(_ => random.Next())];
    }

    private static RegionClient HomeOf(RegionCluster cluster, string repository) =>
        cluster[repository.StartsWith("us-team", StringComparison.Ordinal) ? "us" : "eu"].Client;
}
