using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;

namespace GeoRegistry.TestKit.Stores;

public abstract partial class LedgerStoreContract
{
    [Fact]
    public async Task AppendAsync_ParallelOnOneHead_ExactlyOneWins()
    {
        var ledger = Ledger();
        for (var round = 0; round < 5; round++)
        {
            var head = ledger.Head;
            var commits = Enumerable.Range(0, 16).Select(
                i => ledger.After(head, new Operation.TagSet(Tag.Parse($"r{round}-{i}"), SampleBlob.Of($"{i}").Digest)));

            var outcomes = await Task.WhenAll(commits.Select(commit => Task.Run(() => Ledgers.AppendAsync(head, commit)))).OrFail(
                "the end of all appends");

            var winner = Assert.Single(outcomes.OfType<AppendOutcome.Appended>());
            Assert.All(outcomes.OfType<AppendOutcome.HeadMoved>(), moved => Assert.Equal(winner.Head, moved.Head));
            ledger.Head = winner.Head;
        }

        Assert.Equal(ledger.Head, await Ledgers.ReadHeadAsync(ledger.Id));
        Assert.Equal(5, (await Ledgers.ReadFeedAsync(SampleLedger.Region, 0, 100)).Count);
        Assert.Equal(5, (await Tables.ListTagsAsync(ledger.Repository, null, 100)).Count);
    }

    [Fact]
    public async Task ReadFeedAsync_TailedWhileManyLedgersAppend_HasNoGapAndTheOrderOfCommits()
    {
        const int LedgerCount = 12, CommitsEach = 20;
        var tail = Task.Run(() => TailAsync(LedgerCount * CommitsEach));
        var appended = await Task
            .WhenAll(Enumerable.Range(0, LedgerCount).Select(i => Task.Run(() => AppendManyAsync($"parallel/r{i}", CommitsEach))))
            .OrFail("the end of all appends");
        var entries = await tail.OrFail("the last entry of the feed");

        Assert.Equal(Enumerable.Range(1, LedgerCount * CommitsEach).Select(i => (long)i), entries.Select(entry => entry.Position));
        var heads = new Dictionary<LedgerId, LedgerHead>();
        foreach (var entry in entries)
        {
            var commit = CommitCodec.Decode(entry.Encoded);
            var head = heads.GetValueOrDefault(commit.Ledger, LedgerHead.Empty).After(commit.Epoch, entry.Encoded.Span);
            Assert.Equal(commit.Number, head.Number);
            Assert.Equal(head.Checksum.ToArray(), entry.Checksum.ToArray());
            heads[commit.Ledger] = head;
        }

        Assert.All(
            appended.SelectMany(outcomes => outcomes),
            outcome => Assert.Equal(
                outcome.Head.Checksum.ToArray(), entries[(int)outcome.Position.Number - 1].Checksum.ToArray()));
    }

    [Fact]
    public async Task AppendAsync_ReadWhileItIsApplied_IsSeenWholeOrNotAtAll()
    {
        var ledger = Ledger();
        var digests = new[] { SampleBlob.Of("a").Digest, SampleBlob.Of("b").Digest };
        await ledger.TagAsync(digests[0], "one", "two", "three");
        var flips = Task.Run(async () =>
        {
            for (var i = 1; i <= 60; i++) await ledger.TagAsync(digests[i % 2], "one", "two", "three");
        });

        var seen = new HashSet<int>();
        var deadline = new LoopDeadline("the last commit");
        while (!flips.IsCompleted)
        {
            deadline.Check();
            seen.Add((await Tables.ListTagsOfAsync(ledger.Repository, digests[0])).Count);
        }

        await flips.OrFail("the last commit");
        Assert.Subset(new HashSet<int> { 0, 3 }, seen);
        Assert.NotEmpty(seen);
    }

    [Fact]
    public async Task Reads_WhileAppendsAreInFlight_DoNotWaitForThem()
    {
        var (ledger, image) = (Ledger(), SampleManifests.Image("a"));
        await ledger.PutAsync(image);
        await ledger.TagAsync(image.Digest, "v1");
        Task<AppendOutcome.Appended> append;
        Task link;
        await using (await Fixture.HoldWritesAsync())
        {
            append = ledger.AppendAsync(new Operation.TagSet(Tag.Parse("v1"), SampleBlob.Of("b").Digest));
            link = Tables.LinkBlobAsync(ledger.Repository, SampleBlob.Of("c").Digest, 1);

            await Task.Run(() => ReadEverythingAsync(ledger, image.Digest)).OrFail("the end of reads while writes are held");

            Assert.False(append.IsCompleted);
            Assert.False(link.IsCompleted);
        }

        await append.OrFail("the append that was held");
        await link.OrFail("the link that was held");
        Assert.Equal(SampleBlob.Of("b").Digest, await Tables.FindTagAsync(ledger.Repository, Tag.Parse("v1")));
    }

    [Fact]
    public async Task ReadFeedAsync_AfterAndLimit_ReturnThoseEntries()
    {
        await AppendManyAsync("library/sample", 7);

        Assert.Equal([1L, 2, 3], await PositionsAsync(after: 0, limit: 3));
        Assert.Equal([4L, 5, 6], await PositionsAsync(after: 3, limit: 3));
        Assert.Equal([7L], await PositionsAsync(after: 6, limit: 3));
        Assert.Empty(await PositionsAsync(after: 7, limit: 3));
    }

    [Fact]
    public async Task ReadFeedAsync_CommitsOfSeveralRegions_EachHasItsOwnPositions()
    {
        var (ledger, us) = (Ledger(), RegionId.Parse("us"));
        await ledger.TagAsync(SampleBlob.Of("a").Digest, "v1");
        var elsewhere = ledger.After(ledger.Head, new Operation.TagDeleted(Tag.Parse("v1"))) with { Region = us };

        var appended = Assert.IsType<AppendOutcome.Appended>(await Ledgers.AppendAsync(ledger.Head, elsewhere));

        Assert.Equal((1, 2), (appended.Position.Number, appended.Head.Number));
        Assert.Equal(us, CommitCodec.Decode(Assert.Single(await Ledgers.ReadFeedAsync(us, 0, 10)).Encoded).Region);
        Assert.Single(await Ledgers.ReadFeedAsync(SampleLedger.Region, 0, 10));
        Assert.Empty(await Ledgers.ReadFeedAsync(RegionId.Parse("ap"), 0, 10));
    }

    private async Task<IReadOnlyList<AppendOutcome.Appended>> AppendManyAsync(string repository, int count)
    {
        var (ledger, outcomes) = (Ledger(repository), new List<AppendOutcome.Appended>());
        for (var i = 0; i < count; i++)
            outcomes.Add(await ledger.AppendAsync(new Operation.TagSet(Tag.Parse($"v{i}"), SampleBlob.Of($"{i}").Digest)));
        return outcomes;
    }

    private async Task<List<FeedEntry>> TailAsync(int count)
    {
        var (entries, deadline) = (new List<FeedEntry>(), new LoopDeadline($"{count} entries of the feed"));
        while (entries.Count < count)
        {
            deadline.Check();
            entries.AddRange(await Ledgers.ReadFeedAsync(SampleLedger.Region, entries.Count == 0 ? 0 : entries[^1].Position, 7));
            await Task.Yield();
        }

        return entries;
    }

    private async Task<IEnumerable<long>> PositionsAsync(long after, int limit) =>
        (await Ledgers.ReadFeedAsync(SampleLedger.Region, after, limit)).Select(entry => entry.Position);

    private async Task ReadEverythingAsync(SampleLedger ledger, Digest image)
    {
        Assert.Equal(ledger.Head, await Ledgers.ReadHeadAsync(ledger.Id));
        Assert.Equal(2, (await Ledgers.ReadFeedAsync(SampleLedger.Region, 0, 10)).Count);
        Assert.NotNull(await Tables.FindManifestAsync(ledger.Repository, image));
        Assert.Equal(image, await Tables.FindTagAsync(ledger.Repository, Tag.Parse("v1")));
        Assert.Single(await Tables.ListTagsAsync(ledger.Repository, null, 10));
        Assert.Empty(await Tables.ListReferrersAsync(ledger.Repository, image, null, null, 10));
        Assert.Single(await Tables.ListRepositoriesAsync(null, 10));
        Assert.Null(await Tables.FindBlobAsync(ledger.Repository, SampleBlob.Of("c").Digest));
    }
}
