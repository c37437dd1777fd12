using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol.Manifests;
using GeoRegistry.Replication.Tests.Following;
using GeoRegistry.TestKit.Stores;
using static GeoRegistry.Replication.Tests.TestTopology;

namespace GeoRegistry.Replication.Tests.Tails;

/// <summary>Which names a batch of a feed makes a region ask its home about.</summary>
public sealed class FeedApplicationTests
{
    private const string Repository = "team/app", OtherType = "application/vnd.example.bundle.v1+json";

    private static readonly SampleBlob Config = SampleBlob.Of("config"), Hidden = SampleBlob.Of("hidden");

    private static readonly Manifest Image = SampleManifests.TwoFaced(MediaTypes.OciImageManifest, Config, Hidden);

    /// <summary>A region that has followed less may show it still as it was between the two.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Prepare_ManifestPutTwiceInOneBatch_IsNotShownAlone(bool isDeletedBetween)
    {
        var feed = new SampleFeed(Eu.ToString());
        feed.Add(Repository, new Operation.ManifestPut(Image));
        if (isDeletedBetween) feed.Add(Repository, new Operation.ManifestDeleted(Image.Digest));
        feed.Add(Repository, new Operation.ManifestPut(SampleManifests.TwoFaced(OtherType, Config, Hidden)));

        Assert.False(await MayShowAsync(feed));
    }

    [Fact]
    public async Task Prepare_NewManifests_AreShownAtOnce()
    {
        var feed = new SampleFeed(Eu.ToString());
        feed.Add("team/other", new Operation.ManifestPut(Image));
        feed.Add(Repository, new Operation.ManifestPut(Image));
        feed.Add(Repository, new Operation.ManifestPut(SampleManifests.Image("b")));

        Assert.True(await MayShowAsync(feed));
    }

    private static async Task<bool> MayShowAsync(SampleFeed feed)
    {
        await using var home = await TestHome.StartAsync();
        await using var region = new FollowingRegion(home);
        await using var process = region.Start(new StoreFaults());
        process.State.Heard(default, region.Clock.GetTimestamp(), region.Clock.GetUtcNow(), head: 0, TimeSpan.FromSeconds(5), shown: 0);
        var entries = new List<ReplicaEntry>();
        foreach (var entry in feed.Entries)
        {
            var sent = new FeedEntry(entry.Position, entry.Ledger, entry.Encoded, entry.Checksum);
            entries.Add(await process.Application.PrepareAsync(process.State, sent, entries, default));
        }

        Assert.Equal(entries.Count, entries.Count(entry => entry.Commit is not null));
        return process.State.Visibility.MayShow(TestHome.AppName, Image.Digest.ToString());
    }
}
