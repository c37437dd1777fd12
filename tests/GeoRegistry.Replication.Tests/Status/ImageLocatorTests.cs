using GeoRegistry.Ledgers;
using GeoRegistry.Protocol;
using GeoRegistry.Regions.Control;
using GeoRegistry.Replication.Receipts;
using GeoRegistry.Replication.Status;
using GeoRegistry.Replication.Tests.Following;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;
using static GeoRegistry.Replication.Tests.TestTopology;

namespace GeoRegistry.Replication.Tests.Status;

public sealed class ImageLocatorTests
{
    /// <summary>All its blobs are here, but what the tag names may be another image by now.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task FindAsync_LedgerIsYetToBeTakenOver_IsPartial(bool isSetAside)
    {
        await using var home = await TestHome.StartAsync();
        await using var region = new FollowingRegion(home);
        home.Begin(region.Clock, refusals: 0);
        await region.ApplyAsync(home.Feed.Count);
        await using var process = region.Start(new StoreFaults());
        process.Application.SetAside(Eu, []);
        process.Hydrate();
        await Waiting.UntilAsync("the image is complete", async () => await WhereAsync() is { State: "complete", Blobs: 2 });

        if (isSetAside) process.Application.SetAside(Eu, [LedgerId.Of(TestHome.AppName)]);
        else await region.Metadata.AdoptTopologyAsync("{}"u8.ToArray(), 1, [Eu]);

        Assert.True(await WhereAsync() is { State: "partial", Blobs: 2, BlobsHere: 2 });

        Task<ImageLocation> WhereAsync() => new ImageLocator(
            new RegionMap(Us, home.Topology), region.Metadata, new ImageBlobs(region.Metadata), region.Blobs, process.Completion)
            .FindAsync(TestHome.AppName, Reference.To(Tag.Parse("v1")), process.Stopping);
    }
}
