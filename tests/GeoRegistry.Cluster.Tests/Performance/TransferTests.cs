using System.Diagnostics;
using System.Net;
using GeoRegistry.Cluster.Tests.Links;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.TestKit;
using Xunit.Abstractions;

namespace GeoRegistry.Cluster.Tests.Performance;

/// <summary>How much of a link is used.</summary>
[Trait("Run", "alone")]
public sealed class TransferTests(ITestOutputHelper output)
{
    /// <summary>A short transfer is mostly round trips.</summary>
    private static readonly double MinUse = LongTests.AreOn ? 0.85 : 0.4, MaxCost = LongTests.AreOn ? 1.15 : 2;

    private static readonly int Rounds = LongTests.AreOn ? 5 : 1;
    private static readonly int Bytes = LongTests.AreOn ? 100_000_000 : 20_000_000;

    private static readonly ClusterPlan TwoRegions = new()
    {
        Regions = ["eu", "us"],
        Homes = [new("", "eu")],
        Policies = [new("lazy") { Hydration = "lazy" }],
    };

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    public async Task Hydration_OverALimitedLink_UsesMostOfIt(int blobs)
    {
        await using var cluster = await RegionCluster.StartAsync(TwoRegions);
        var (eu, us, random) = (cluster["eu"].Client, cluster["us"].Client, Seeds.Next(output));
        List<double> uses = [];
        for (var round = 0; round < Rounds; round++)
        {
            var image = TestImage.Next(random, [.. Enumerable.Repeat(Bytes / blobs, blobs)]);
            foreach (var blob in image.Blobs) await eu.PushBlobAsync("hydration", blob);
            var began = Stopwatch.GetTimestamp();
            var receipt = (await eu.PutManifestAsync("hydration", $"{round}", image)).Expect(HttpStatusCode.Created).Receipt;
            var state = await us.GetJsonAsync<ReceiptAnswer>($"/api/v1/receipts/{receipt}?region=us&wait=60s");
            Assert.Equal("complete", state.In("us"));
            uses.Add(Bytes * 8.0 / Stopwatch.GetElapsedTime(began).TotalSeconds / LinkQuality.Wide.BitsPerSecond);
        }

        output.WriteLine(
            $"{blobs} blobs of {Bytes / blobs / 1_000_000.0} MB use {string.Join(", ", uses.Select(use => $"{use:0.000}"))} of the link");
        Assert.InRange(Measure.Median(uses), MinUse, 1.01);
    }

    [Fact]
    public async Task FirstPull_ThroughARegionWithoutTheBlob_CostsLittleMoreThanFromTheSource()
    {
        await using var cluster = await RegionCluster.StartAsync(TwoRegions);
        var (eu, us, random) = (cluster["eu"], cluster["us"], Seeds.Next(output));
        using var link = new Link(LinkQuality.Wide);
        link.Dialled.Target = new IPEndPoint(IPAddress.Loopback, eu.Address.Port);
        using var far = new HttpClient { BaseAddress = link.Dialled.Address };
        List<double> ratios = [];
        for (var round = 0; round < Rounds; round++)
        {
            var image = TestImage.Next(random, Bytes);
            await eu.Client.PushAsync("lazy/first", $"{round}", image);
            var layer = image.Blobs[1].Digest;

            var straight = await TimeAsync(new RegionClient("eu from afar", far), layer);
            var through = await TimeAsync(us.Client, layer);
            ratios.Add(through / straight);
            output.WriteLine($"straight {straight:0.000} s, through us {through:0.000} s: {through / straight:0.000}");
        }

        Assert.InRange(Measure.Median(ratios), 0, MaxCost);

        static async Task<double> TimeAsync(RegionClient client, string digest)
        {
            var began = Stopwatch.GetTimestamp();
            await client.PullBlobAsync("lazy/first", digest);
            return Stopwatch.GetElapsedTime(began).TotalSeconds;
        }
    }
}
