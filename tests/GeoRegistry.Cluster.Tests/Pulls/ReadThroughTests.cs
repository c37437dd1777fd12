using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.TestKit;
using Xunit.Abstractions;

namespace GeoRegistry.Cluster.Tests.Pulls;

/// <summary>A pull of what a region lacks: it comes from another region, once however many ask.</summary>
public sealed class ReadThroughTests(ITestOutputHelper output)
{
    private const int Clients = 20, Leaving = 5;

    private static readonly int BlobBytes = (LongTests.AreOn ? 100 : 25) * 1_000_000;

    private static readonly ClusterPlan Plan = new() { Policies = [new("lazy") { Hydration = "lazy" }] };

    [Fact]
    public async Task Pull_ByManyAtOnceOfWhatIsElsewhere_FetchesItOnce()
    {
        await using var cluster = await RegionCluster.StartAsync(Plan);
        var (us, image) = (cluster["us"], TestImage.Next(Seeds.Next(output), BlobBytes));
        await cluster["eu"].Client.PushAsync("lazy/once", "1", image);
        var layer = image.Blobs[1];
        Assert.False(us.Blobs.Has(layer.Digest));
        var before = Received(cluster, "us");

        var downloads = Enumerable.Range(0, Clients).Select(_ => new Download(us.Http, "lazy/once", layer)).ToList();
        foreach (var leaving in downloads.Take(Leaving))
        {
            await leaving.ReachedAsync(BlobBytes / 4).OrFail("a quarter of the blob");
            leaving.Leave();
        }

        await Task.WhenAll(downloads.Skip(Leaving).Select(download => download.Completed)).OrFail("the whole blob");

        var fetched = Received(cluster, "us") - before;
        output.WriteLine($"{Clients} clients, {Leaving} of which left: {fetched / (double)BlobBytes:0.000} × the blob was fetched");
        Assert.InRange(fetched, BlobBytes, BlobBytes * 1.05);
        await Waiting.UntilAsync("the blob is stored", () => Task.FromResult(us.Blobs.Has(layer.Digest)));
    }

    [Fact]
    public async Task Pull_WhenTheSourceDiesInTheMiddle_GoesOnFromAnotherRegion()
    {
        await using var cluster = await RegionCluster.StartAsync(Plan);
        var (us, image) = (cluster["us"], TestImage.Next(Seeds.Next(output), BlobBytes));
        await cluster["eu"].Client.PushAsync("lazy/two", "1", image);
        await cluster["ap"].Client.PullExactlyAsync("lazy/two", "1", image);
        var layer = image.Blobs[1];
        var before = (Eu: cluster.Direction("eu", "us").Bytes, Ap: cluster.Direction("ap", "us").Bytes);

        var download = new Download(us.Http, "lazy/two", layer);
        await download.ReachedAsync(BlobBytes / 5).OrFail("a fifth of the blob");
        var source = cluster.Direction("eu", "us").Bytes - before.Eu > cluster.Direction("ap", "us").Bytes - before.Ap ? "eu" : "ap";
        await cluster[source].KillAsync();

        await download.Completed.OrFail("the whole blob");
        output.WriteLine($"{source} was killed");
        await us.Client.PullBlobAsync("lazy/two", layer.Digest);
    }

    [Fact]
    public async Task Pull_WhenAllClientsLeave_StillStoresTheBlob()
    {
        await using var cluster = await RegionCluster.StartAsync(Plan);
        var (us, image) = (cluster["us"], TestImage.Next(Seeds.Next(output), BlobBytes));
        await cluster["eu"].Client.PushAsync("lazy/left", "1", image);

        var download = new Download(us.Http, "lazy/left", image.Blobs[1]);
        await download.ReachedAsync(BlobBytes / 10).OrFail("a tenth of the blob");
        download.Leave();

        await Waiting.UntilAsync("the blob is stored", () => Task.FromResult(us.Blobs.Has(image.Blobs[1].Digest)));
        await us.Client.PullExactlyAsync("lazy/left", "1", image);
    }

    private static long Received(RegionCluster cluster, string region) =>
        cluster.Regions.Where(other => other.Id != region).Sum(other => cluster.Direction(other.Id, region).Bytes);
}
