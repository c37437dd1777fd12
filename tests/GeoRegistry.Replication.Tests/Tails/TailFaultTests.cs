using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Replication.Tests.Following;
using GeoRegistry.TestKit.Stores;
using Xunit.Abstractions;
using static GeoRegistry.Replication.Tests.TestTopology;

namespace GeoRegistry.Replication.Tests.Tails;

/// <summary>
/// A tail whose region fails at each call to its stores: every commit is applied once, none is passed, and nothing old is
/// answered alone.
/// </summary>
public sealed class TailFaultTests(ITestOutputHelper output)
{
    [Theory]
    [MemberData(nameof(EachStep.WaysOfServices), MemberType = typeof(EachStep))]
    public async Task Tail_FailsAtEachStep_AppliesEachCommitOnce(InjectedFault fault, bool restarts)
    {
        await using var home = await TestHome.StartAsync();
        await EachStep.FailAsync(fault, faults => FollowAsync(home, faults, restarts), output,
            nameof(IReplicaStore.ReadCursorAsync), nameof(IReplicaStore.ListSetAsideAsync),
            nameof(IRepositoryTables.FindManifestAsync), nameof(IReplicaStore.ApplyAsync));
    }

    private static async Task FollowAsync(TestHome home, StoreFaults faults, bool restarts)
    {
        await using var region = new FollowingRegion(home);
        home.Begin(region.Clock, refusals: 0);
        await region.ApplyAsync(2); // Up to where v1 is the first image.
        await using var process = await new FaultyFollowing(region, faults, restarts)
            .RunAsync(running => running.Follow(), FaultyFollowing.ShowsAllAsync);

        faults.ArePaused = true;
        await region.AssertIsAsHomeAsync();
        var feed = await region.Metadata.ReadFeedAsync(Eu, 0, 100);
        Assert.Equal(home.Feed.Select(Text), feed.Select(Text));
        Assert.Equal(3, Assert.Single(await region.Metadata.SummarizeAsync()).Blobs);
    }

    private static string Text(FeedEntry entry) =>
        $"{entry.Position} {entry.Ledger} {Convert.ToHexString(entry.Checksum.Span)} {Convert.ToHexString(entry.Encoded.Span)}";
}
