using GeoRegistry.Ledgers;
using GeoRegistry.Replication.Receipts;
using GeoRegistry.Replication.Tests.Following;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;
using static GeoRegistry.Replication.Tests.TestTopology;

namespace GeoRegistry.Replication.Tests.Receipts;

/// <summary>Commits that are not here themselves, as a snapshot of their ledger came in their place.</summary>
public sealed class CoveredCommitTests
{
    /// <summary>Nothing awaits the blob, and the commit is not here: so the ledger that came for it tells what is missing.</summary>
    [Fact]
    public async Task AwaitHereAsync_BlobOfACommitThatASnapshotCoversIsGone_IsPending()
    {
        await using var home = await TestHome.StartAsync();
        await using var region = new FollowingRegion(home);
        home.Begin(region.Clock, refusals: 0);
        await region.Metadata.AdoptTopologyAsync("{}"u8.ToArray(), 1, [Eu]); // So that it takes snapshots.
        await using var process = region.Start(new StoreFaults());
        process.Follow();
        process.Hydrate();
        await Waiting.UntilAsync("the commit is complete", async () =>
        {
            region.Clock.Advance(TimeSpan.FromMilliseconds(250));
            return await StateAsync() == CompletionState.Complete;
        });

        await region.Blobs.DeleteAsync(TestHome.BlobsOfApp[1].Blobs[0], ifOlderThan: null);

        Assert.Equal(CompletionState.Pending, await StateAsync());

        Task<CompletionState> StateAsync() => process.Completion.AwaitHereAsync(
            TestHome.AppName, new FeedPosition(Eu, process.State.Incarnation, TestHome.BlobsOfApp[1].Position), image: null,
            TimeSpan.Zero, process.Stopping);
    }
}
