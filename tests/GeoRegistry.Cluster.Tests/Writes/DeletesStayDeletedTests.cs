using System.Net;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.TestKit;
using Xunit.Abstractions;

namespace GeoRegistry.Cluster.Tests.Writes;

/// <summary>What was deleted stays so, in regions that were not there too.</summary>
public sealed class DeletesStayDeletedTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Delete_WhileARegionIsCutOff_IsNotUndoneByIt()
    {
        await using var cluster = await RegionCluster.StartAsync();
        var (random, tags) = (Seeds.Next(output), Enumerable.Range(0, 6).Select(number => $"{number}").ToArray());
        var image = TestImage.Next(random, 500);
        var kept = TestImage.Next(random, 500);
        foreach (var tag in tags) await cluster["ap"].Client.PushAsync("team/app", tag, image);
        await cluster["ap"].Client.PushAsync("team/app", "kept", kept);
        await cluster.WaitUntilConvergedAsync();

        cluster.CutOff("ap");
        await Waiting.UntilAsync("ap holds no lease", async () =>
            (await cluster["ap"].Client.GetManifestAsync("team/app", "kept")).MayBeStale);
        foreach (var tag in tags) (await cluster["us"].Client.DeleteManifestAsync("team/app", tag)).Expect(HttpStatusCode.Accepted);
        (await cluster["us"].Client.DeleteManifestAsync("team/app", image.Digest)).Expect(HttpStatusCode.Accepted);
        await cluster["eu"].KillAsync();
        await cluster["eu"].StartAsync();
        cluster.Rejoin("ap");
        await cluster.WaitUntilConvergedAsync();
        await AssertDeletedAsync();
        await cluster.StopAsync();
        await cluster.StartAllAsync();
        await AssertDeletedAsync();

        async Task AssertDeletedAsync()
        {
            foreach (var region in cluster.Regions)
            {
                foreach (var reference in tags.Append(image.Digest))
                    Assert.Equal(HttpStatusCode.NotFound, (await region.Client.GetManifestAsync("team/app", reference)).Status);
                await region.Client.PullExactlyAsync("team/app", "kept", kept);
            }
        }
    }

    [Fact]
    public async Task Delete_InAnyRegion_IsSeenInAllAtOnce()
    {
        await using var cluster = await RegionCluster.StartAsync();
        var (random, regions) = (Seeds.Next(output), cluster.Regions.ToArray());
        for (var round = 0; round < (LongTests.AreOn ? 60 : 6); round++)
        {
            random.Shuffle(regions);
            var repository = $"{ClusterPlan.HomeInEveryRegion[round % 3].Prefix}/deleted".TrimStart('/');
            await regions[0].Client.PushAsync(repository, "1", TestImage.Next(random, 100));
            (await regions[1].Client.DeleteManifestAsync(repository, "1")).Expect(HttpStatusCode.Accepted);
            foreach (var region in regions) Assert.Equal(HttpStatusCode.NotFound,
                (await region.Client.GetManifestAsync(repository, "1")).Status);
        }
    }
}
