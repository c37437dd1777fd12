using System.Diagnostics;
using System.Net;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.TestKit;
using Xunit.Abstractions;

namespace GeoRegistry.Cluster.Tests.Writes;

/// <summary>Pushes that are refused cost nobody else anything.</summary>
public sealed class RefusedPushTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Push_BesideOthersThatNameMissingBlobs_IsNotHeldUp()
    {
        await using var cluster = await RegionCluster.StartAsync();
        var (eu, random) = (cluster["eu"].Client, Seeds.Next(output));
        var (good, bad) = (TestImage.Next(random, 1000), TestImage.Next(random, 1000));
        await eu.PushAsync("team/app", "1", good);
        await cluster.WaitUntilConvergedAsync();
        cluster.CutOff("ap");
        await Waiting.UntilAsync("ap holds no lease", async () =>
            (await cluster["ap"].Client.GetManifestAsync("team/app", "1")).MayBeStale);
        await eu.PushAsync("team/app", "before", good); // Waited for what was left of ap's lease by eu's clock.

        var noise = Enumerable.Range(0, 4).Select(_ => eu.PutManifestAsync("team/app", "bad", bad)).ToList();
        var began = Stopwatch.GetTimestamp();
        await eu.PushAsync("team/app", "beside", good);
        var took = Stopwatch.GetElapsedTime(began);

        Assert.DoesNotContain(noise, push => push.IsCompleted); // They ask ap, which does not answer.
        Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        foreach (var push in noise) Assert.Equal(HttpStatusCode.NotFound, (await push).Status);
    }
}
