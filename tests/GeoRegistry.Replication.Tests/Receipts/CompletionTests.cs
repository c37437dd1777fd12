using GeoRegistry.Ledgers;
using GeoRegistry.Replication.Receipts;
using GeoRegistry.Replication.Tests.Following;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;
using static GeoRegistry.Replication.Tests.TestTopology;

namespace GeoRegistry.Replication.Tests.Receipts;

public sealed class CompletionTests
{
    /// <summary>Each wait costs memory, and a look at whatever blob comes: one too many is told at once that it is pending.</summary>
    [Fact]
    public async Task AwaitHereAsync_AsManyWaitAsMay_TheNextDoesNotWait()
    {
        await using var home = await TestHome.StartAsync();
        await using var region = new FollowingRegion(home);
        await region.ApplyAsync(home.Feed.Count);
        await using var process = region.Start(new StoreFaults());
        process.State.Begin(await region.Metadata.ReadCursorAsync(Eu));
        process.Application.SetAside(Eu, []);
        var position = new FeedPosition(Eu, process.State.Incarnation, TestHome.BlobsOfApp[0].Position);
        using var leaving = new CancellationTokenSource();
        var first = AwaitAsync(leaving.Token);
        var others = Enumerable.Range(1, Completion.MaxWaits - 1).Select(_ => AwaitAsync(process.Stopping)).ToList();
        await Waiting.UntilAsync("one too many is answered", () => Task.FromResult(process.Completion.Waits == Completion.MaxWaits));

        Assert.Equal(CompletionState.Pending, await AwaitAsync(process.Stopping).OrFail("the answer to one too many"));
        Assert.All(others, wait => Assert.False(wait.IsCompleted));
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first.OrFail("the first leaves"));
        var next = AwaitAsync(process.Stopping);
        await Waiting.UntilAsync("its place is taken", () => Task.FromResult(process.Completion.Waits == Completion.MaxWaits));
        Assert.False(next.IsCompleted);

        Task<CompletionState> AwaitAsync(CancellationToken cancellation) => Task.Run(() => process.Completion.AwaitHereAsync(
            TestHome.AppName, position, image: null, TimeSpan.FromHours(1), cancellation));
    }

    /// <summary>A number says something only within its incarnation: in another it is the number of another commit.</summary>
    [Fact]
    public async Task AwaitHereAsync_CommitOfAnotherIncarnation_IsPending()
    {
        await using var home = await TestHome.StartAsync();
        await using var region = new FollowingRegion(home);
        home.Begin(region.Clock, refusals: 0);
        await region.ApplyAsync(home.Feed.Count);
        await using var process = region.Start(new StoreFaults());
        process.State.Begin(await region.Metadata.ReadCursorAsync(Eu));
        process.Application.SetAside(Eu, []);
        process.Hydrate();
        await Waiting.UntilAsync(
            "the commit is complete", async () => await StateInAsync(process.State.Incarnation) == CompletionState.Complete);

        Assert.Equal(CompletionState.Pending, await StateInAsync(Incarnation.Parse("0123abcd")));

        Task<CompletionState> StateInAsync(Incarnation incarnation) => process.Completion.AwaitHereAsync(
            TestHome.AppName, new FeedPosition(Eu, incarnation, TestHome.BlobsOfApp[0].Position), image: null, TimeSpan.Zero,
            process.Stopping);
    }
}
