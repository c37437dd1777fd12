using System.Net;
using GeoRegistry.Cluster.Tests.Links;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.TestKit;
using Xunit.Abstractions;

namespace GeoRegistry.Cluster.Tests.Pulls;

/// <summary>What a region answers that the home of a tag cannot be reached from.</summary>
public sealed class PartitionTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Pull_CutOffFromTheHome_AnswersWithAWarningOrNotAtAll(bool silently)
    {
        await using var cluster = await RegionCluster.StartAsync(new ClusterPlan { Policies = [new("strict") { Reads = "strict" }] });
        var (eu, us, random) = (cluster["eu"].Client, cluster["us"].Client, Seeds.Next(output));
        var (old, moved) = (TestImage.Next(random, 1000), TestImage.Next(random, 1000));
        await eu.PushAsync("team/app", "1", old);
        await eu.PushAsync("strict/app", "1", old);
        await cluster.WaitUntilConvergedAsync();
        Assert.False((await us.GetManifestAsync("team/app", "1")).MayBeStale);

        cluster.CutOff("us", silently ? CutMode.Silent : CutMode.Refused);
        await Waiting.UntilAsync("us says that its answer may be stale", async () =>
            (await us.GetManifestAsync("team/app", "1")).Expect(HttpStatusCode.OK).MayBeStale);
        await Waiting.UntilAsync("us refuses a strict read", async () =>
            (await us.GetManifestAsync("strict/app", "1")).Status == HttpStatusCode.ServiceUnavailable);
        // The home waits for no replica whose lease has ended.
        await eu.PushAsync("team/app", "1", moved);
        await eu.PullExactlyAsync("team/app", "1", moved);

        var stale = (await us.GetManifestAsync("team/app", "1")).Expect(HttpStatusCode.OK);
        Assert.Equal((old.Digest, true), (stale.Digest, stale.MayBeStale));
        // What is named by its content cannot be stale.
        await us.PullExactlyAsync("team/app", old.Digest, old);
        // What it does not know may exist.
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await us.GetManifestAsync("team/app", "2")).Status);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await us.PutManifestAsync("team/app", "3", old)).Status);

        cluster.Rejoin("us");
        await Waiting.UntilAsync("us answers what eu was pushed", async () =>
            (await us.GetManifestAsync("team/app", "1")) is { Status: HttpStatusCode.OK, MayBeStale: false } answer
                && answer.Digest == moved.Digest);
        await us.PullExactlyAsync("strict/app", "1", old);
        await cluster.WaitUntilConvergedAsync();
    }
}
