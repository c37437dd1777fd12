using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using Xunit.Abstractions;

namespace GeoRegistry.Cluster.Tests.Policies;

/// <summary>Topologies that a region must not start with: they would lose what only the old home has.</summary>
public sealed class TopologyRefusalTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Start_WithATopologyThatMovesAHomeByAnEdit_IsRefusedAndWithAHigherEpochItIsNot()
    {
        await using var cluster = await RegionCluster.StartAsync(new ClusterPlan { Regions = ["eu", "us"], Homes = [new("", "eu")] });
        var (eu, us, image) = (cluster["eu"], cluster["us"], TestImage.Next(Seeds.Next(output), 1000));
        await eu.Client.PushAsync("team/app", "1", image);
        await cluster.WaitUntilConvergedAsync();
        await cluster.StopAsync();

        cluster.ChangeTopology(version: 2, [], [new("", "us")]);
        foreach (var region in cluster.Regions)
        {
            var refusal = await region.ExpectRefusalAsync();
            Assert.Contains("moves the home of '' from eu (epoch 1) to us (epoch 1)", refusal, StringComparison.Ordinal);
            Assert.Contains(
                "Put eu back; or, once 'georegistry replication status' shows that us has all of it and eu is stopped, "
                + "give the prefix an epoch above 1",
                refusal,
                StringComparison.Ordinal);
            Assert.Contains("(exit code 1)", refusal, StringComparison.Ordinal);
        }

        cluster.ChangeTopology(version: 2, [], [new("", "us", Epoch: 2)]);
        await cluster.StartAllAsync();
        var next = (await us.Client.PushAsync("team/app", "2", image)).Receipt;
        Assert.StartsWith("us-", next, StringComparison.Ordinal);
        await cluster.WaitUntilConvergedAsync();
        foreach (var tag in new[] { "1", "2" }) await eu.Client.PullExactlyAsync("team/app", tag, image);
    }

    [Fact]
    public async Task Start_WithATopologyThatIsOlderOrHasOtherContent_IsRefused()
    {
        await using var cluster = await RegionCluster.StartAsync(new ClusterPlan { Regions = ["eu", "us"], Homes = [new("", "eu")] });
        var eu = cluster["eu"];
        await cluster.StopAsync();
        cluster.ChangeTopology(version: 3, []);
        await eu.StartAsync();
        await eu.StopAsync();

        cluster.ChangeTopology(version: 2, []);
        Assert.Contains("the topology has version 2, and this region has already adopted version 3", await eu.ExpectRefusalAsync(),
            StringComparison.Ordinal);
        cluster.ChangeTopology(version: 3, [new("team") { Durability = "one" }]);
        Assert.Contains("version 3 like the one that this region has adopted, but other content: raise its version",
            await eu.ExpectRefusalAsync(), StringComparison.Ordinal);
        cluster.ChangeTopology(version: 4, [new("team") { Durability = "one" }]);
        await eu.StartAsync();
    }
}
