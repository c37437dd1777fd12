using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;

namespace GeoRegistry.TestKit.Stores;

public abstract partial class LedgerStoreContract
{
    [Fact]
    public async Task WaitForFeedAsync_FeedHasMore_ReturnsAtOnceAlsoAfterAReopen()
    {
        await AppendManyAsync("library/sample", 3);
        Assert.True(Ledgers.WaitForFeedAsync(SampleLedger.Region, 2).IsCompletedSuccessfully);

        await Fixture.ReopenAsync();

        Assert.True(Ledgers.WaitForFeedAsync(SampleLedger.Region, 2).IsCompletedSuccessfully);
        Assert.False(Ledgers.WaitForFeedAsync(SampleLedger.Region, 3).IsCompleted);
    }

    [Fact]
    public async Task WaitForFeedAsync_EndOfTheFeed_ReturnsAfterTheNextAppend()
    {
        var ledger = Ledger();
        await ledger.TagAsync(SampleBlob.Of("a").Digest, "v1");
        Task[] waiters = [.. Enumerable.Range(0, 3).Select(_ => Ledgers.WaitForFeedAsync(SampleLedger.Region, 1))];
        var (beyond, elsewhere) = (Ledgers.WaitForFeedAsync(SampleLedger.Region, 2), Ledgers.WaitForFeedAsync(RegionId.Parse("us"), 0));
        Assert.DoesNotContain(waiters, waiter => waiter.IsCompleted);

        await ledger.TagAsync(SampleBlob.Of("a").Digest, "v2");

        await Task.WhenAll(waiters).OrFail("the end of the waits for the second entry");
        Assert.False(beyond.IsCompleted);
        Assert.False(elsewhere.IsCompleted);
    }

    [Fact]
    public async Task WaitForFeedAsync_Cancelled_EndsAndTheNextWaitIsWoken()
    {
        using var client = new CancellationTokenSource();
        var (given, kept) = (Ledgers.WaitForFeedAsync(SampleLedger.Region, 0, client.Token),
            Ledgers.WaitForFeedAsync(SampleLedger.Region, 0));

        await client.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given.OrFail("the end of the wait that was cancelled"));
        await Ledger().TagAsync(SampleBlob.Of("a").Digest, "v1");
        await kept.OrFail("the end of the other wait");
    }

    [Fact]
    public async Task WaitForFeedAsync_ManyLedgersAppend_NoWakeupIsMissed()
    {
        const int LedgerCount = 8, CommitsEach = 40;
        var tails = Enumerable.Range(0, 3).Select(_ => Task.Run(() => FollowAsync(LedgerCount * CommitsEach))).ToArray();

        await Task.WhenAll(Enumerable.Range(0, LedgerCount).Select(i => Task.Run(() => AppendManyAsync($"parallel/r{i}", CommitsEach))))
            .OrFail("the end of all appends");

        Assert.All(await Task.WhenAll(tails).OrFail("the last entry of the feed"), last => Assert.Equal(LedgerCount * CommitsEach, last));
    }

    [Fact]
    public async Task FindPositionAsync_Commits_GivesTheirPlacesInTheFeed()
    {
        var (one, other) = (Ledger("library/one"), Ledger("library/other"));
        await one.TagAsync(SampleBlob.Of("a").Digest, "v1");
        await other.TagAsync(SampleBlob.Of("a").Digest, "v1");
        await one.TagAsync(SampleBlob.Of("a").Digest, "v2");

        Assert.Equal(
            [1, 3, null],
            [
                await Ledgers.FindNumberAsync(one.Id, 1),
                await Ledgers.FindNumberAsync(one.Id, 2),
                await Ledgers.FindNumberAsync(one.Id, 3),
            ]);
        Assert.Equal(2, await Ledgers.FindNumberAsync(other.Id, 1));
        Assert.Null(await Ledgers.FindNumberAsync(Ledger("library/none").Id, 1));
    }

    [Fact]
    public async Task ListHeadsAsync_Pages_GiveAllRepositoriesThatHaveCommits()
    {
        var ledgers = new[] { "a", "b/c", "d" }.Select(Ledger).ToArray();
        foreach (var ledger in ledgers) await ledger.TagAsync(SampleBlob.Of("a").Digest, "v1");
        await Tables.LinkBlobAsync(RepositoryName.Parse("blobs/only"), SampleBlob.Of("a").Digest, 1);

        var first = await Ledgers.ListHeadsAsync(null, 2);
        var rest = await Ledgers.ListHeadsAsync(first[^1].Ledger.Name, 2);

        Assert.Equal(2, first.Count);
        Assert.Equal(ledgers.Select(ledger => (ledger.Id, ledger.Head)), first.Concat(rest));
    }

    [Fact]
    public async Task ReadFeedExtentAsync_NothingPruned_IsFromTheStartToTheEnd()
    {
        Assert.Equal((0, 0), await Ledgers.ReadExtentAsync(SampleLedger.Region));

        await AppendManyAsync("library/sample", 3);

        Assert.Equal((0, 3), await Ledgers.ReadExtentAsync(SampleLedger.Region));
    }

    [Fact]
    public async Task PruneFeedAsync_OlderThanKept_AreGoneAndTheFeedBeginsAfterThem()
    {
        await AppendManyAsync("library/sample", 10);

        Assert.Equal(6, await Ledgers.PruneFeedAsync(SampleLedger.Region, keep: 4, limit: 100));

        Assert.Equal((6, 10), await Ledgers.ReadExtentAsync(SampleLedger.Region));
        Assert.Equal([7L, 8, 9, 10], await PositionsAsync(after: 0, limit: 100));
        Assert.Null(await Ledgers.FindNumberAsync(Ledger().Id, 6));
        Assert.Equal(7, await Ledgers.FindNumberAsync(Ledger().Id, 7));
        Assert.Equal(0, await Ledgers.PruneFeedAsync(SampleLedger.Region, keep: 4, limit: 100));
        Assert.Equal(0, await Ledgers.PruneFeedAsync(SampleLedger.Region, keep: 100, limit: 100));
    }

    [Fact]
    public async Task PruneFeedAsync_StoppedByTheLimitAndRestarted_GoesOnWhereItStopped()
    {
        await AppendManyAsync("library/sample", 10);

        Assert.Equal(4, await Ledgers.PruneFeedAsync(SampleLedger.Region, keep: 1, limit: 4));
        Assert.Equal((4, 10), await Ledgers.ReadExtentAsync(SampleLedger.Region));
        await Fixture.ReopenAsync();
        Assert.Equal((4, 10), await Ledgers.ReadExtentAsync(SampleLedger.Region));
        Assert.Equal(4, await Ledgers.PruneFeedAsync(SampleLedger.Region, keep: 1, limit: 4));
        Assert.Equal(1, await Ledgers.PruneFeedAsync(SampleLedger.Region, keep: 1, limit: 4));

        Assert.Equal((9, 10), await Ledgers.ReadExtentAsync(SampleLedger.Region));
    }

    [Fact]
    public async Task PruneFeedAsync_LastCommitOfALedger_StaysUntilItsLedgerMovesOn()
    {
        var resting = Ledger("library/resting");
        await resting.TagAsync(SampleBlob.Of("a").Digest, "v1");
        await AppendManyAsync("library/busy", 5);
        await Ledgers.PruneFeedAsync(SampleLedger.Region, keep: 2, limit: 100);
        Assert.Equal((4, 6), await Ledgers.ReadExtentAsync(SampleLedger.Region));
        Assert.Equal(1, await Ledgers.FindNumberAsync(resting.Id, 1));

        await resting.TagAsync(SampleBlob.Of("a").Digest, "v2");

        Assert.Null(await Ledgers.FindNumberAsync(resting.Id, 1));
        Assert.Equal(7, await Ledgers.FindNumberAsync(resting.Id, 2));
        Assert.Equal([5L, 6, 7], await PositionsAsync(after: 0, limit: 100));
    }

    [Fact]
    public async Task PruneFeedAsync_NothingIsKept_PositionsAreNotGivenAgain()
    {
        var (ledger, us) = (Ledger(), RegionId.Parse("us"));
        await ledger.TagAsync(SampleBlob.Of("a").Digest, "v1");
        var elsewhere = ledger.After(ledger.Head, new Operation.TagDeleted(Tag.Parse("v1"))) with { Region = us };
        ledger.Head = Assert.IsType<AppendOutcome.Appended>(await Ledgers.AppendAsync(ledger.Head, elsewhere)).Head;

        Assert.Equal(1, await Ledgers.PruneFeedAsync(SampleLedger.Region, keep: 0, limit: 100));

        Assert.Equal((1, 1), await Ledgers.ReadExtentAsync(SampleLedger.Region));
        Assert.Equal(2, (await ledger.AppendAsync(new Operation.TagDeleted(Tag.Parse("v1")))).Position.Number);
        Assert.Equal([2L], await PositionsAsync(after: 0, limit: 100));
    }

    private async Task<long> FollowAsync(int count)
    {
        var (last, deadline) = (0L, new LoopDeadline($"entry {count} of the feed"));
        while (last < count)
        {
            deadline.Check();
            await Ledgers.WaitForFeedAsync(SampleLedger.Region, last).OrFail($"an entry of the feed after {last}");
            var entries = await Ledgers.ReadFeedAsync(SampleLedger.Region, last, 100);
            Assert.NotEmpty(entries);
            last = entries[^1].Position;
        }

        return last;
    }
}
