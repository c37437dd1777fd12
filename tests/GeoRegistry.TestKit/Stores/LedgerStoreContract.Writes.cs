using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;

namespace GeoRegistry.TestKit.Stores;

public abstract partial class LedgerStoreContract
{
    [Fact]
    public async Task FindWriteAsync_CommitOfTheWrite_IsWhatTheAppendAnswered()
    {
        var (ledger, write) = (Ledger(), WriteId.OfKey("key"));
        var commit = ledger.After(ledger.Head, new Operation.TagSet(Tag.Parse("v1"), SampleBlob.Of("a").Digest)) with { Write = write };
        var appended = Assert.IsType<AppendOutcome.Appended>(await Ledgers.AppendAsync(ledger.Head, commit));
        ledger.Head = appended.Head;
        await ledger.TagAsync(SampleBlob.Of("b").Digest, "v1");

        await Fixture.ReopenAsync();
        Assert.Equal(appended, await Ledgers.FindWriteAsync(ledger.Id, write));
        Assert.Null(await Ledgers.FindWriteAsync(ledger.Id, WriteId.OfKey("another")));
        Assert.Null(await Ledgers.FindWriteAsync(Ledger("library/other").Id, write));
        await Ledgers.PruneFeedAsync(SampleLedger.Region, keep: 1, limit: 100);
        Assert.Null(await Ledgers.FindWriteAsync(ledger.Id, write));
    }

    [Fact]
    public async Task FindEntryAsync_PlacesOfAFeed_GivesTheCommitsThatAreKept()
    {
        await AppendManyAsync("library/sample", 3);
        await Ledgers.PruneFeedAsync(SampleLedger.Region, keep: 2, limit: 100);

        var entry = Assert.Single(await Ledgers.ReadFeedAsync(SampleLedger.Region, 1, 1));
        var found = (await Ledgers.FindEntryAsync(SampleLedger.Region, 2))!;
        Assert.Equal((entry.Position, entry.Ledger, Convert.ToHexString(entry.Checksum.Span)),
            (found.Position, found.Ledger, Convert.ToHexString(found.Checksum.Span)));
        Assert.Equal(entry.Encoded.ToArray(), found.Encoded.ToArray());
        foreach (var position in new[] { 0, 1, 4 }) Assert.Null(await Ledgers.FindEntryAsync(SampleLedger.Region, position));
        Assert.Null(await Ledgers.FindEntryAsync(RegionId.Parse("us"), 2));
    }

    /// <summary>Where the feed begins anew, a number alone may name another commit than the one that was meant.</summary>
    [Fact]
    public async Task ReadFeedAsync_PositionOfAnIncarnationThatHasEnded_FindsNothing()
    {
        await AppendManyAsync("library/sample", 3);
        var ended = (await Ledgers.ReadFeedExtentAsync(SampleLedger.Region)).At(SampleLedger.Region, 1);
        Assert.Equal([2L, 3], (await Ledgers.ReadFeedAsync(ended, 10)).Select(entry => entry.Position));
        Assert.NotNull(await Ledgers.FindEntryAsync(ended));

        var begun = await Ledgers.BeginIncarnationAsync();
        await Ledger("library/next").AppendAsync(new Operation.TagDeleted(Tag.Parse("v1")));

        Assert.Empty(await Ledgers.ReadFeedAsync(ended, 10));
        Assert.Null(await Ledgers.FindEntryAsync(ended));
        Assert.Single(await Ledgers.ReadFeedAsync(ended with { Incarnation = begun }, 10));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public async Task BeginIncarnationAsync_AnyFeed_GoesOnUnderAnotherNameAndIsWholeFromThereOn(int commits)
    {
        await AppendManyAsync("library/sample", commits);
        var before = await Ledgers.ReadFeedExtentAsync(SampleLedger.Region);
        Assert.False(before.Incarnation.IsNone);

        var incarnation = await Ledgers.BeginIncarnationAsync();

        await Fixture.ReopenAsync();
        Assert.NotEqual(before.Incarnation, incarnation);
        // Also where there was no commit: what came by snapshots is in no feed, and whoever begins at 0 must be told so.
        Assert.Equal(new FeedExtent(incarnation, commits + 1, commits + 1), await Ledgers.ReadFeedExtentAsync(SampleLedger.Region));
        var next = await Ledger("library/next").AppendAsync(new Operation.TagDeleted(Tag.Parse("v1")));
        Assert.Equal(new FeedPosition(SampleLedger.Region, incarnation, commits + 2), next.Position);
        Assert.Equal([commits + 2L], await PositionsAsync(after: 0, limit: 100));
    }

    [Fact]
    public async Task PruneFeedAsync_MoreBytesThanKept_TheOldestGoThoughTheyAreFew()
    {
        await AppendManyAsync("library/sample", 10);
        var size = (await Ledgers.ReadFeedAsync(SampleLedger.Region, 9, 1))[0].Encoded.Length;
        Assert.Equal(0, await Ledgers.PruneFeedAsync(SampleLedger.Region, keep: 100, keepBytes: size * 11, limit: 100));

        // As many as the limit lets.
        Assert.Equal(2, await Ledgers.PruneFeedAsync(SampleLedger.Region, keep: 100, keepBytes: size * 4, limit: 2));
        await Ledgers.PruneFeedAsync(SampleLedger.Region, keep: 100, keepBytes: size * 4, limit: 100);

        await Fixture.ReopenAsync();
        Assert.InRange((await Ledgers.ReadFeedAsync(SampleLedger.Region, 0, 100)).Sum(entry => entry.Encoded.Length), size, size * 4);
        Assert.Equal(10, (await PositionsAsync(after: 0, limit: 100)).Last());
        Assert.Equal(0, await Ledgers.PruneFeedAsync(SampleLedger.Region, keep: 100, keepBytes: size * 4, limit: 100));
        await AppendManyAsync("library/other", 1);
        Assert.InRange(await Ledgers.PruneFeedAsync(SampleLedger.Region, keep: 100, keepBytes: size * 4, limit: 100), 1, 2);
    }
}
