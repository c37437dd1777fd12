using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Protocol;
using GeoRegistry.Regions.Topologies;
using GeoRegistry.Replication.Tests.Following;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;
using static GeoRegistry.Replication.Tests.TestTopology;

namespace GeoRegistry.Replication.Tests.Tails;

/// <summary>A ledger that is damaged where it is followed, and that no verification has found yet, stops nothing but itself.</summary>
public sealed class DamagedReplicaTests
{
    private const string OfOld = "ledger = (SELECT id FROM ledgers WHERE name = 'team/old')";

    private static readonly LedgerId Old = LedgerId.Of(RepositoryName.Parse(TestHome.Old));
    private static readonly RepositoryName Lib = RepositoryName.Parse(TestHome.Lib);

    /// <summary>What the home changes of it next cannot be applied; what it changes of others can.</summary>
    [Theory]
    [InlineData($"UPDATE manifests SET content = zeroblob(length(content)) WHERE {OfOld}")]
    [InlineData($"UPDATE commits SET number = 2 WHERE {OfOld}")]
    public async Task Tail_NextCommitMeetsDamagedRows_RepairsThatLedgerAndGoesOn(string damage)
    {
        await using var home = await TestHome.StartAsync();
        await using var region = new FollowingRegion(home);
        home.Begin(region.Clock, refusals: 0);
        await region.ApplyAsync(home.Feed.Count);
        region.Execute(damage);
        await AppendAsync(
            home, TestHome.Old, new Operation.TagDeleted(Tag.Parse("v1")), new Operation.ManifestDeleted(TestHome.First.Digest));
        await AppendAsync(home, TestHome.Lib, new Operation.TagSet(Tag.Parse("v2"), TestHome.First.Digest));

        await using var process = region.Start(new StoreFaults());
        process.Follow();

        await UntilAsync(region, "the rest of the feed is applied", async () =>
            await process.ReadAsync(Lib, "v2") == TestHome.First.Digest);
        await AssertIsRepairedAsync(home, region);
    }

    /// <summary>Every change of the topology compares all ledgers with their home's, also what is in them.</summary>
    [Fact]
    public async Task TakeOver_LedgerHereCannotBeRead_RepairsThatLedgerAndEnds()
    {
        await using var home = await TestHome.StartAsync();
        await using var region = new FollowingRegion(home);
        home.Begin(region.Clock, refusals: 0);
        await region.ApplyAsync(home.Feed.Count);
        region.Execute($"UPDATE manifests SET content = zeroblob(length(content)) WHERE {OfOld}");
        await region.Metadata.AdoptTopologyAsync(TopologyReader.Write(home.Topology), home.Topology.Version, [Eu]);

        await using var process = region.Start(new StoreFaults());
        process.Follow();

        await UntilAsync(region, "nothing is left to take over", async () => !await region.Metadata.IsTakeOverPendingAsync(Eu));
        await AssertIsRepairedAsync(home, region);
    }

    private static async Task AppendAsync(TestHome home, string repository, params Operation[] operations)
    {
        var ledger = new SampleLedger(() => home.Store, repository);
        ledger.Head = await home.Store.ReadHeadAsync(ledger.Id);
        await ledger.AppendAsync(operations);
    }

    private static async Task AssertIsRepairedAsync(TestHome home, FollowingRegion region)
    {
        Assert.Equal(await home.Store.ReadStateAsync(Old), await region.Metadata.ReadStateAsync(Old));
        Assert.All(await region.Metadata.VerifyAllAsync(), scan => Assert.Null(scan.Fault));
        Assert.Empty(await region.Metadata.ListSetAsideAsync());
    }

    private static Task UntilAsync(FollowingRegion region, string name, Func<Task<bool>> holds) => Waiting.UntilAsync(
        name,
        async () =>
        {
            region.Clock.Advance(TimeSpan.FromMilliseconds(250));
            return await holds();
        },
        TimeSpan.FromSeconds(20));
}
