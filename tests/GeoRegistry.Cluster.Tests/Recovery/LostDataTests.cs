using System.Net;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.TestKit;
using Xunit.Abstractions;

namespace GeoRegistry.Cluster.Tests.Recovery;

/// <summary>A home that comes back without its data: the others have more than it, and nothing of that may be lost or hidden.</summary>
public sealed class LostDataTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Start_OfAHomeOnAnEmptyFolder_IsFoundOutAndChangesNothing()
    {
        await using var cluster = await RegionCluster.StartAsync();
        var (eu, us, random) = (cluster["eu"], cluster["us"], Seeds.Next(output));
        var image = TestImage.Next(random, 1000);
        var receipt = "";
        for (var number = 0; number < 5; number++) receipt = (await eu.Client.PushAsync("kept/app", $"{number}", image)).Receipt;
        await cluster.WaitUntilConvergedAsync();
        var kept = Path.Combine(Path.GetDirectoryName(eu.DataFolder)!, "kept");
        await eu.KillAsync();
        Directory.Move(eu.DataFolder, kept);

        await eu.StartAsync();
        foreach (var region in new[] { us, cluster["ap"] })
            await Waiting.UntilAsync($"{region.Id} sees that eu is not what it was", async () =>
                (await region.ReplicationAsync()).From("eu").State == "diverged");

        foreach (var region in cluster.Regions)
        {
            var refused = await region.Client.PutManifestAsync("kept/app", "new", image);
            Assert.True(refused.Status == HttpStatusCode.ServiceUnavailable, $"{region.Id}: {refused.Status} {refused.Text}");
        }

        // The home itself does not say that what it lost never was: the others are asked, and a name that nobody knows is not known.
        await eu.Client.PullExactlyAsync("kept/app", "4", image);
        Assert.True((await eu.Client.GetManifestAsync("kept/app", "4")).MayBeStale);
        Assert.Contains(
            "\"4\"",
            (await eu.Client.SendAsync(HttpMethod.Get, "/v2/kept/app/tags/list")).Expect(HttpStatusCode.OK).Text,
            StringComparison.Ordinal);
        (await eu.Client.GetManifestAsync("kept/app", "never-was")).Expect(HttpStatusCode.ServiceUnavailable);

        await us.Client.PullExactlyAsync("kept/app", "4", image);
        await Waiting.UntilAsync("us has no lease any more and says so", async () =>
            (await us.Client.GetManifestAsync("kept/app", "4")).MayBeStale);
        Assert.Equal("orphaned", (await us.Client.GetJsonAsync<ReceiptAnswer>($"/api/v1/receipts/{receipt}?region=us")).In("us"));
        Assert.NotEqual(0, (await us.ReplicationAsync()).From("eu").LagSeconds);

        await eu.KillAsync();
        Directory.Delete(eu.DataFolder, recursive: true);
        Directory.Move(kept, eu.DataFolder);
        await eu.StartAsync();
        await us.Client.PushAsync("kept/app", "after", image);
        await cluster.WaitUntilConvergedAsync();
        await cluster["ap"].Client.PullExactlyAsync("kept/app", "after", image);
    }
}
