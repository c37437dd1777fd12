using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;

namespace GeoRegistry.TestKit.Stores;

/// <summary>What <see cref="IReplicaStore"/> promises; every store's tests derive from it.</summary>
public abstract partial class ReplicaStoreContract : MetadataStoreContract
{
    private const string Repository = "library/replica";

    private static readonly RepositoryName Name = RepositoryName.Parse(Repository);

    private static readonly LedgerId Id = LedgerId.Of(Name);

    [Fact]
    public async Task ReadCursorAsync_NothingApplied_IsTheStart() =>
        AssertCursor(FeedCursor.Start, await Replicas.ReadCursorAsync(SampleLedger.Region));

    [Fact]
    public async Task ApplyAsync_EntriesOfAFeed_AreAppliedAsInTheirRegion()
    {
        var (feed, image) = (new SampleFeed(), SampleManifests.Image("a", SampleBlob.Of("subject").Digest, null, SampleBlob.Of("layer")));
        feed.Add(Repository, new Operation.ManifestPut(image), new Operation.TagSet(Tag.Parse("v1"), image.Digest));
        feed.Tag("library/other", "v1");
        feed.Add(Repository, new Operation.TagDeleted(Tag.Parse("v1")), new Operation.TagSet(Tag.Parse("v2"), image.Digest),
            new Operation.BlobLinked(SampleBlob.Of("b").Digest, 7));

        var outcome = await Replicas.ApplyAsync(feed.Region, feed.Entries);

        Assert.Null(outcome.Faulty);
        AssertCursor(feed.End, outcome.Cursor);
        await Fixture.ReopenAsync();
        AssertCursor(feed.End, await Replicas.ReadCursorAsync(feed.Region));
        Assert.Equal(feed.HeadOf(Id), await Ledgers.ReadHeadAsync(Id));
        Assert.Equal(image.Content.ToArray(), (await Tables.FindManifestAsync(Name, image.Digest))!.Content.ToArray());
        Assert.Equal(["v2"], (await Tables.ListTagsAsync(Name, null, 10)).Select(tag => tag.ToString()));
        Assert.Equal(7, await Tables.FindBlobAsync(Name, SampleBlob.Of("b").Digest));
        Assert.Equal(
            feed.Entries.Select(
                entry => (entry.Position, Convert.ToHexString(entry.Encoded.Span), Convert.ToHexString(entry.Checksum.Span))),
            (await Ledgers.ReadFeedAsync(feed.Region, 0, 10)).Select(
                entry => (entry.Position, Convert.ToHexString(entry.Encoded.Span), Convert.ToHexString(entry.Checksum.Span))));
        Assert.Equal(3, await Ledgers.FindNumberAsync(Id, 2));
    }

    [Fact]
    public async Task ApplyAsync_EntriesThatWereApplied_AreSkipped()
    {
        var feed = new SampleFeed();
        for (var i = 0; i < 6; i++) feed.Tag(Repository, $"v{i}");
        await Replicas.ApplyAsync(feed.Region, [.. feed.Entries.Take(4)]);

        await Replicas.ApplyAsync(feed.Region, [.. feed.Entries.Take(4)]);
        await Fixture.ReopenAsync();
        var outcome = await Replicas.ApplyAsync(feed.Region, [.. feed.Entries.Skip(2)]);

        Assert.Null(outcome.Faulty);
        AssertCursor(feed.End, outcome.Cursor);
        Assert.Equal(feed.HeadOf(Id), await Ledgers.ReadHeadAsync(Id));
        Assert.Equal(6, (await Ledgers.ReadFeedAsync(feed.Region, 0, 10)).Count);
    }

    [Fact]
    public async Task ApplyAsync_NoEntries_ReturnsTheCursor() =>
        AssertCursor(FeedCursor.Start, (await Replicas.ApplyAsync(SampleLedger.Region, [])).Cursor);

    [Fact]
    public async Task ApplyAsync_EntryIsNotTheNext_IsRefusedAsAFault()
    {
        var feed = new SampleFeed();
        for (var i = 0; i < 4; i++) feed.Tag($"library/r{i}", "v1");

        await Assert.ThrowsAnyAsync<ArgumentException>(() => Replicas.ApplyAsync(feed.Region, [feed.Entries[1]]));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => Replicas.ApplyAsync(feed.Region, [feed.Entries[0], feed.Entries[2]]));

        AssertCursor(FeedCursor.Start, await Replicas.ReadCursorAsync(feed.Region));
        Assert.Empty(await Tables.ListRepositoriesAsync(null, 10));
    }

    [Fact]
    public async Task ApplyAsync_GapInALedger_StopsBeforeItAndKeepsWhatCameBefore()
    {
        var feed = new SampleFeed();
        feed.Tag("library/whole", "v1");
        feed.Continue(Id, LedgerHead.Empty.After(1, "a commit that this region does not have"u8));
        feed.Tag(Repository, "v2");
        feed.Tag("library/whole", "v2");

        var outcome = await Replicas.ApplyAsync(feed.Region, feed.Entries);

        Assert.Equal(Id, outcome.Faulty);
        AssertCursor(SampleFeed.Cursor(1, feed.Entries[0].Checksum), outcome.Cursor);
        AssertCursor(outcome.Cursor, await Replicas.ReadCursorAsync(feed.Region));
        Assert.False(await Tables.ExistsAsync(Name));
        Assert.Equal(["v1"], (await Tables.ListTagsAsync(RepositoryName.Parse("library/whole"), null, 10)).Select(tag => tag.ToString()));
    }

    [Fact]
    public async Task ApplyAsync_SameNumberOfAnotherHistory_StopsBeforeIt()
    {
        var (feed, ledger) = (new SampleFeed(), Ledger(Repository));
        feed.Tag(Repository, "theirs");
        feed.Tag(Repository, "theirs-too");
        await ledger.TagAsync(SampleBlob.Of("a").Digest, "ours");

        Assert.Equal(Id, (await Replicas.ApplyAsync(feed.Region, feed.Entries)).Faulty);
        await ledger.TagAsync(SampleBlob.Of("a").Digest, "ours-too");
        var outcome = await Replicas.ApplyAsync(feed.Region, feed.Entries);

        Assert.Equal((Id, 0), (outcome.Faulty, outcome.Cursor.Position));
        Assert.Equal(ledger.Head, await Ledgers.ReadHeadAsync(Id));
    }

    [Fact]
    public async Task ApplyAsync_ChecksumIsNotTheHistorys_StopsBeforeIt()
    {
        var (feed, ledger) = (new SampleFeed(), Ledger(Repository));
        await ledger.TagAsync(SampleBlob.Of("a").Digest, "ours");
        feed.Tag(Repository, "theirs");
        feed.Tag(Repository, "next");

        var outcome = await Replicas.ApplyAsync(feed.Region, [feed.Entries[1] with { Position = 1 }]);

        Assert.Equal((Id, 0), (outcome.Faulty, outcome.Cursor.Position));
        Assert.Equal(ledger.Head, await Ledgers.ReadHeadAsync(Id));
    }

    /// <summary>The commit of that number is not kept, but an epoch later than the ledger's tells that the histories differ.</summary>
    [Fact]
    public async Task ApplyAsync_LaterEpochWithinAPrunedHistory_StopsBeforeIt()
    {
        var (feed, ledger) = (new SampleFeed { Epoch = 2 }, Ledger(Repository));
        for (var i = 0; i < 3; i++) await ledger.TagAsync(SampleBlob.Of("a").Digest, $"v{i}");
        await Ledgers.PruneFeedAsync(SampleLedger.Region, keep: 0, limit: 10);
        feed.Tag(Repository, "theirs");

        Assert.Equal(Id, (await Replicas.ApplyAsync(feed.Region, feed.Entries)).Faulty);
    }

    /// <summary>What a home appended and nobody got before the next home went on: no repair would make it follow.</summary>
    [Fact]
    public async Task ApplyAsync_HistoryThatALaterEpochEnded_OnlyMovesTheCursor()
    {
        var (lost, home, blob) = (new SampleFeed("us"), new SampleFeed("ap"), SampleBlob.Of("lost"));
        lost.Tag(Repository, "common");
        for (var i = 0; i < 3; i++) lost.Add(Repository, [Missing(blob)], new Operation.TagSet(Tag.Parse($"lost{i}"), blob.Digest));
        await Replicas.ApplyAsync(lost.Region, [lost.Entries[0]]);
        (home.Epoch, var common) = (2, await Ledgers.ReadHeadAsync(Id));
        home.Continue(Id, common);
        home.Tag(Repository, "won");
        await Replicas.ApplyAsync(home.Region, home.Entries);

        var outcome = await Replicas.ApplyAsync(lost.Region, lost.Entries);

        Assert.Null(outcome.Faulty);
        Assert.Equal(4, outcome.Cursor.Position);
        Assert.Equal(home.HeadOf(Id), await Ledgers.ReadHeadAsync(Id));
        Assert.Equal(["common", "won"], (await Tables.ListTagsAsync(Name, null, 10)).Select(tag => tag.ToString()));
        Assert.Empty(await Hydration.ListAsync(dead: false, 10));
    }

    [Fact]
    public async Task ApplyAsync_WithheldEntries_AreEmptyPlaces()
    {
        var feed = new SampleFeed();
        feed.Withhold();
        feed.Tag(Repository, "v1");
        feed.Withhold();
        feed.Withhold();

        var outcome = await Replicas.ApplyAsync(feed.Region, feed.Entries);

        Assert.Null(outcome.Faulty);
        AssertCursor(SampleFeed.Cursor(4, default), outcome.Cursor);
        Assert.Equal([true, false, true, true], (await Ledgers.ReadFeedAsync(feed.Region, 0, 10)).Select(entry => entry.Encoded.IsEmpty));
        Assert.Equal([3L, 4], (await Ledgers.ReadFeedAsync(feed.Region, 2, 10)).Select(entry => entry.Position));
        Assert.Equal([1L, 2, 3], (await Ledgers.ReadFeedAsync(feed.Region, 0, 3)).Select(entry => entry.Position));
        Assert.Equal((0, 4), await Ledgers.ReadExtentAsync(feed.Region));
    }

    [Fact]
    public async Task ApplyAsync_FaultyEntry_ItsBlobsAreNotAwaited()
    {
        var (feed, kept, left) = (new SampleFeed(), SampleBlob.Of("kept"), SampleBlob.Of("left"));
        feed.Add(Repository, [Missing(kept)], new Operation.TagSet(Tag.Parse("v1"), kept.Digest));
        feed.Continue(Id, LedgerHead.Empty.After(1, "another history"u8).After(1, "another history"u8));
        feed.Add(Repository, [Missing(left)], new Operation.TagSet(Tag.Parse("v1"), left.Digest));

        await Replicas.ApplyAsync(feed.Region, feed.Entries);

        Assert.Equal(kept.Digest, Assert.Single(await Hydration.ListAsync(dead: false, 10)).Digest);
        Assert.False(await Hydration.IsCompleteAsync(Id, feed.Region, 1));
        Assert.True(await Hydration.IsCompleteAsync(Id, feed.Region, 2));
    }

    private static MissingBlob Missing(SampleBlob blob) => new(blob.Digest, blob.SizeBytes, RegionId.Parse("us"));

    private static void AssertCursor(FeedCursor expected, FeedCursor actual) => Assert.Equal(
        (expected.Position, Convert.ToHexString(expected.Checksum.Span)), (actual.Position, Convert.ToHexString(actual.Checksum.Span)));
}
