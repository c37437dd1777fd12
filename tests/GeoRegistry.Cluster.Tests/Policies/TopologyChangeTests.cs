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
        await Waiting.UntilAsync("us stores what it may have now", () => Task.FromResult(image.Blobs.All(blob => cluster["us"].Blobs.Has(blob.Digest))));

        await cluster["us"].Client.PullExactlyAsync("narrow/app", "1", image);
        Assert.Equal(HttpStatusCode.Forbidden, (await cluster["ap"].Client.GetManifestAsync("narrow/app", "1")).Status);
        Assert.All(image.Blobs, blob => Assert.False(cluster["ap"].Blobs.Has(blob.Digest)));
    }
}
