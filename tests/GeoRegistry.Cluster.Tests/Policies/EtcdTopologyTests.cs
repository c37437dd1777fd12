using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.Regions.Control.Etcd;
using GeoRegistry.Regions.Topologies;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Etcd;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit.Abstractions;

namespace GeoRegistry.Cluster.Tests.Policies;

/// <summary>Regions that have their topology from etcd.</summary>
public sealed class EtcdTopologyTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Topology_InEtcdWhoseMembersFailAndAreRestored_IsTakenUpAndPullsAndPushesGoOn()
    {
        await using var etcd = await EtcdCluster.StartAsync();
        var plan = new ClusterPlan { Etcd = etcd.Endpoints, Policies = [new("narrow") { Regions = ["eu"] }] };
        using var files = new ClusterFiles(plan);
        using var store = new EtcdControlStore(
            new EtcdOptions { Endpoints = etcd.Endpoints }, TimeProvider.System, NullLogger<EtcdControlStore>.Instance);
        Assert.True(await store.TryReplaceAsync(0, Read(files)));
        await using var cluster = await RegionCluster.StartAsync(plan);
        var (eu, us, random) = (cluster["eu"], cluster["us"], Seeds.Next(output));
        var image = TestImage.Next(random, 5000);
        await eu.Client.PushAsync("narrow/app", "1", image);
        var snapshot = await etcd.SaveSnapshotAsync();
        await etcd.Members[0].KillAsync();

        files.WriteTopology(version: 2, []);
        Assert.True(await store.TryReplaceAsync(1, Read(files)));

        foreach (var region in cluster.Regions) await UntilItSaysAsync(region, "Adopted version 2");
        await Waiting.UntilAsync("us stores what it may have now", () =>
            Task.FromResult(image.Blobs.All(blob => us.Blobs.Has(blob.Digest))));
        await etcd.Members[1].KillAsync();
        await UntilItSaysAsync(us, "did not answer within");
        var later = TestImage.Next(random, 5000);
        await us.Client.PushAsync("narrow/app", "2", later);
        await eu.Client.PullExactlyAsync("narrow/app", "2", later);
        await us.Client.PullExactlyAsync("narrow/app", "1", image);

        await etcd.StartAllAsync();
        files.WriteTopology(version: 3, [new("rare") { Hydration = "lazy" }]);
        Assert.True(await store.TryReplaceAsync(2, Read(files)));
        await UntilItSaysAsync(us, "Adopted version 3");

        await etcd.RestoreAsync(snapshot);
        await UntilItSaysAsync(us, "the control store has version 1 of the topology, and this region has adopted version 3");
        files.WriteTopology(version: 4, []);
        Assert.True(await store.TryReplaceAsync(1, Read(files)));
        await UntilItSaysAsync(us, "Adopted version 4");
    }

    private static Task UntilItSaysAsync(ClusterRegion region, string words) => Waiting.UntilAsync(
        $"{region.Id} says '{words}'", () => Task.FromResult(region.Output.Contains(words, StringComparison.Ordinal)));

    private static Topology Read(ClusterFiles files)
    {
        var topology = TopologyReader.Read(File.ReadAllBytes(files.TopologyFile), out var faults);
        Assert.Empty(faults);
        return topology!;
    }
}
