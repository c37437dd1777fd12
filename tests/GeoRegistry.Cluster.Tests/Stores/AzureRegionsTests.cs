using System.Net;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.TestKit;
using Xunit.Abstractions;

namespace GeoRegistry.Cluster.Tests.Stores;

/// <summary>Regions whose blobs are in Azure, each in an account of its own.</summary>
public sealed class AzureRegionsTests(ITestOutputHelper output)
{
    private const int LayerBytes = 6_000_000, SmallBytes = 300_000, LargeBytes = 32_000_000;

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

    /// <summary>The bytes are in the upload, and no server has hashed all of them yet.</summary>
    [Fact]
    public async Task Copy_TheServerIsKilledInTheMiddle_TheNextStoresTheBlobsAndLeavesNothing()
    {
        await using var azurite = await AzuriteProcess.StartAsync("eu", "us");
        await using var cluster = await RegionCluster.StartAsync(PlanOf(azurite.ConnectionStringOf));
        var image = TestImage.Next(Seeds.Next(output), LargeBytes, LargeBytes);
        var container = ContainerOf(azurite, "us");

        var push = cluster["eu"].Client.PushAsync("team/app", "1", image);
        await Waiting.UntilAsync(
            "us has a copy in an upload", async () => (await UploadsOfAsync(container)).Any(upload => upload == CopyStatus.Success));
        await cluster["us"].KillAsync();
        output.WriteLine($"{(await UploadsOfAsync(container)).Count} uploads are left of the killed server");
        await push;
        await cluster["us"].StartAsync();
        await cluster.WaitUntilConvergedAsync();

        await cluster["us"].Client.PullExactlyAsync("team/app", "1", image);
        Assert.Empty(await UploadsOfAsync(container));
        Assert.InRange(cluster.Direction("eu", "us").Bytes, 1, LargeBytes / 2);
    }

    [Fact]
    public async Task Verify_ADamagedBlobInAnAccount_IsSetAsideAndCopiedAnew()
    {
        await using var azurite = await AzuriteProcess.StartAsync("eu", "us");
        await using var cluster = await RegionCluster.StartAsync(PlanOf(azurite.ConnectionStringOf));
        var random = Seeds.Next(output);
        var image = TestImage.Next(random, LayerBytes);
        await cluster["eu"].Client.PushAsync("team/app", "1", image);
        await cluster.WaitUntilConvergedAsync();
        var (blobs, layer) = (new AzureBlobs(ContainerOf(azurite, "us")), image.Blobs[1].Digest);
        blobs.FlipOneBit(layer, random);

        await cluster["us"].Client.PostAsync<object>("/api/v1/replication/verify?repair=true&region=us");

        await Waiting.UntilAsync(
            "the blob is repaired in us",
            () => Task.FromResult(cluster["us"].Output.Contains($"The blob {layer} is repaired.", StringComparison.Ordinal)));
        Assert.True(blobs.IsWhole(layer));
        Assert.InRange(cluster.Direction("eu", "us").Bytes, 1, LayerBytes / 2);
    }

    private static BlobContainerClient ContainerOf(AzuriteProcess azurite, string region) => new(
        azurite.ConnectionStringOf(region), $"blobs-of-{region}", new BlobClientOptions(BlobClientOptions.ServiceVersion.V2025_05_05));

    /// <summary>The states of the copies to uploads of fetches; null for one that is none.</summary>
    private static async Task<IReadOnlyList<CopyStatus?>> UploadsOfAsync(BlobContainerClient container)
    {
        var states = new List<CopyStatus?>();
        await foreach (var item in container.GetBlobsAsync(BlobTraits.CopyStatus, BlobStates.None, "uploads/fetch-", default))
            states.Add(item.Properties.CopyStatus);
        return states;
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
