using System.Net;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.TestKit;
using Xunit.Abstractions;

namespace GeoRegistry.Cluster.Tests.Stores;

/// <summary>Regions whose blobs are in Azure, each in an account of its own.</summary>
public sealed class AzureRegionsTests(ITestOutputHelper output)
{
    private const int LayerBytes = 6_000_000, SmallBytes = 300_000;

    /// <summary>One Azurite with both accounts copies between them.</summary>
    [Fact]
    public async Task Push_TheStoresCanCopy_NoServerSendsTheLayers()
    {
        await using var azurite = await AzuriteProcess.StartAsync("eu", "us");
        await using var cluster = await RegionCluster.StartAsync(PlanOf(azurite.ConnectionStringOf));
        var image = TestImage.Next(Seeds.Next(output), LayerBytes, LayerBytes, SmallBytes);

        await cluster["eu"].Client.PushAsync("team/app", "1", image);
        await cluster.WaitUntilConvergedAsync();

        var sentBytes = cluster.Direction("eu", "us").Bytes;
        output.WriteLine($"{sentBytes} bytes were sent of {(2 * LayerBytes) + SmallBytes}");
        Assert.InRange(sentBytes, SmallBytes, LayerBytes / 2);
        await cluster["us"].Client.PullExactlyAsync("team/app", "1", image);
        Assert.DoesNotContain("could not copy", cluster["us"].Output, StringComparison.Ordinal);
    }

    /// <summary>Two Azurites cannot copy from each other; and the storage of one region can be away alone.</summary>
    [Fact]
    public async Task Push_TheStoresCannotCopy_ServersSendTheLayersAndEachRegionServesWithItsOwnStorage()
    {
        await using var eu = await AzuriteProcess.StartAsync();
        await using var us = await AzuriteProcess.StartAsync();
        await using var cluster = await RegionCluster.StartAsync(PlanOf(region => (region == "eu" ? eu : us).ConnectionString));
        var image = TestImage.Next(Seeds.Next(output), LayerBytes, LayerBytes, SmallBytes);

        await cluster["eu"].Client.PushAsync("team/app", "1", image);
        await cluster.WaitUntilConvergedAsync();

        Assert.InRange(cluster.Direction("eu", "us").Bytes, 2 * LayerBytes, 3 * LayerBytes);
        Assert.Single(cluster["us"].Output.Split('\n'), line => line.Contains("could not copy", StringComparison.Ordinal));
        await eu.StopAsync();
        await cluster["us"].Client.PullExactlyAsync("team/app", "1", image);
        (await cluster["eu"].Client.GetBlobAsync("team/app", image.Blobs[1].Digest)).Expect(HttpStatusCode.ServiceUnavailable);
        await eu.RestartAsync();
        await cluster["eu"].Client.PullExactlyAsync("team/app", "1", image);
    }

    private static ClusterPlan PlanOf(Func<string, string> connectionOf) => new()
    {
        Regions = ["eu", "us"],
        Homes = [new("", "eu")],
        OptionsOf = region => new Dictionary<string, string>
        {
            ["GeoRegistry:Azure:ConnectionString"] = connectionOf(region),
            ["GeoRegistry:Azure:Container"] = $"blobs-of-{region}",
            ["GeoRegistry:Azure:CreateContainer"] = "true",
        },
    };
}
