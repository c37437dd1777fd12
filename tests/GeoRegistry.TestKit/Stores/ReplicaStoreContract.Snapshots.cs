using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;

namespace GeoRegistry.TestKit.Stores;

public abstract partial class ReplicaStoreContract
{
    [Fact]
    public async Task ReadSnapshotAsync_LedgerWithoutCommits_ReadsNothing()
    {
        await Tables.LinkBlobAsync(Name, SampleBlob.Of("a").Digest, 1);

        Assert.False(await Replicas.ReadSnapshotAsync(Id, (_, _) => throw new InvalidOperationException("There is nothing to read.")));
        Assert.Null(await Replicas.CopySnapshotAsync(Ledger("library/none").Id));
    }

    [Fact]
    public async Task InstallSnapshotAsync_SnapshotOfAnotherStore_IsTheLedgerAsItIsThere()
    {
        await using var home = await OpenAsync();
        var (ledger, layer, uploaded) = (
            new SampleLedger(() => home.Ledgers, Repository), SampleBlob.Of("layer"), SampleBlob.Of("uploaded"));
        var subject = SampleManifests.Image("subject");
        var image = SampleManifests.Image("a", subject.Digest, "application/vnd.example", layer);
        var index = SampleManifests.Index(image, subject);
        await ledger.PutAsync(subject, image, index);
        await ledger.TagAsync(image.Digest, "v1", "v2");
        await ledger.TagAsync(index.Digest, "all");
        await home.Tables.LinkBlobAsync(Name, uploaded.Digest, uploaded.SizeBytes);

        Assert.True(await Replicas.InstallSnapshotAsync(SampleLedger.Region, 9, await SnapshotAsync(home.Replicas), [Missing(layer)]));

        await Fixture.ReopenAsync();
        Assert.Equal(ledger.Head, await Ledgers.ReadHeadAsync(Id));
        foreach (var manifest in new[] { subject, image, index })
            Assert.Equal(manifest.Content.ToArray(), (await Tables.FindManifestAsync(Name, manifest.Digest))!.Content.ToArray());
        Assert.Equal(["all", "v1", "v2"], (await Tables.ListTagsAsync(Name, null, 10)).Select(tag => tag.ToString()));
        Assert.Equal(index.Digest, await Tables.FindTagAsync(Name, Tag.Parse("all")));
        Assert.Equal(
            image.Digest,
            Assert.Single(await Tables.ListReferrersAsync(Name, subject.Digest, "application/vnd.example", null, 10)).Digest);
        Assert.Equal(index.Digest, await Tables.FindReferenceToAsync(Name, image.Digest));
        Assert.Equal(layer.SizeBytes, await Tables.FindBlobAsync(Name, layer.Digest));
        Assert.Equal(uploaded.SizeBytes, await Tables.FindBlobAsync(Name, uploaded.Digest));
        Assert.Equal(layer.Digest, Assert.Single(await Hydration.ListAsync(dead: false, 10)).Digest);
        AssertCursor(FeedCursor.Start, await Replicas.ReadCursorAsync(SampleLedger.Region));
    }

    [Fact]
    public async Task ReadSnapshotAsync_WritesWhileItIsRead_ShowsOneMoment()
    {
        var ledger = Ledger(Repository);
        var (first, second) = (SampleManifests.Image("first"), SampleManifests.Image("second"));
        await ledger.PutAsync(first);
        await ledger.TagAsync(first.Digest, "v1");
        var head = ledger.Head;
        var (seen, entries) = ((LedgerHead?)null, new List<SnapshotEntry>());

        await Replicas.ReadSnapshotAsync(Id, async (snapshot, stop) =>
        {
            seen = snapshot.Head;
            await foreach (var entry in snapshot.Entries.WithCancellation(stop))
            {
                if (entries.Count == 0)
                    await ledger.AppendAsync(new Operation.ManifestPut(second), new Operation.TagSet(Tag.Parse("v1"), second.Digest));
                entries.Add(entry);
            }
        });

        Assert.Equal(head, seen);
        Assert.Equal(first.Digest, Assert.Single(entries.OfType<SnapshotEntry.OfManifest>()).Manifest.Digest);
        Assert.Equal(first.Digest, Assert.Single(entries.OfType<SnapshotEntry.OfTag>()).Digest);
        Assert.Equal(second.Digest, await Tables.FindTagAsync(Name, Tag.Parse("v1")));
    }

    [Fact]
    public async Task ReadSnapshotAsync_UseThrows_TheStoreGoesOn()
    {
        await Ledger(Repository).TagAsync(SampleBlob.Of("a").Digest, "v1");

        await Assert.ThrowsAsync<FormatException>(
            () => Replicas.ReadSnapshotAsync(
                Id, async (snapshot, stop) => throw new FormatException($"{await snapshot.Entries.FirstAsync(stop)}")));

        Assert.Single(await (await SnapshotAsync(Replicas)).Entries.ToListAsync());
    }

    [Fact]
    public async Task ReadSnapshotAsync_CancelledWhileItIsRead_EndsAndTheStoreGoesOn()
    {
        await Ledger(Repository).TagAsync(SampleBlob.Of("a").Digest, "v1");
        using var reader = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Replicas.ReadSnapshotAsync(
            Id,
            async (snapshot, stop) =>
            {
                await reader.CancelAsync();
                await Task.Delay(Timeout.InfiniteTimeSpan, stop);
            },
            reader.Token));

        Assert.Single(await (await SnapshotAsync(Replicas)).Entries.ToListAsync());
    }

    [Fact]
    public async Task ApplyAsync_EntriesThatASnapshotCovers_AreSkippedAndTheirBlobsAwaited()
    {
        var (feed, blob) = (new SampleFeed(), SampleBlob.Of("blob"));
        feed.Tag(Repository, "v1");
        feed.Add(Repository, [Missing(blob)], new Operation.TagSet(Tag.Parse("v2"), blob.Digest));
        await Replicas.InstallSnapshotAsync(feed.Region, 2, SnapshotOf(feed, "v1", "v2"), []);
        var covered = feed.Entries.ToArray();
        feed.Tag(Repository, "v3");

        Assert.Equal(2, (await Replicas.ApplyAsync(feed.Region, covered)).Cursor.Position);
        Assert.All(await Ledgers.ReadFeedAsync(feed.Region, 0, 10), entry => Assert.True(entry.Encoded.IsEmpty));
        Assert.False(await Hydration.IsCompleteAsync(Id, feed.Region, 2));
        var outcome = await Replicas.ApplyAsync(feed.Region, feed.Entries);

        Assert.Null(outcome.Faulty);
        Assert.Equal(feed.HeadOf(Id), await Ledgers.ReadHeadAsync(Id));
        Assert.Equal(["v1", "v2", "v3"], (await Tables.ListTagsAsync(Name, null, 10)).Select(tag => tag.ToString()));
    }

    [Fact]
    public async Task InstallSnapshotAsync_ReplicaThatDiverged_IsReplacedAndTheFeedGoesOn()
    {
        var (feed, ledger, image, uploaded) = (
            new SampleFeed { Epoch = 2 },
            Ledger(Repository),
            SampleManifests.Image("ours", SampleBlob.Of("subject").Digest),
            SampleBlob.Of("uploaded"));
        await ledger.PutAsync(image);
        await ledger.TagAsync(image.Digest, "ours");
        await Tables.LinkBlobAsync(Name, uploaded.Digest, uploaded.SizeBytes);
        feed.Tag(Repository, "theirs");
        Assert.Equal(Id, (await Replicas.ApplyAsync(feed.Region, feed.Entries)).Faulty);

        Assert.True(await Replicas.InstallSnapshotAsync(feed.Region, 1, SnapshotOf(feed, "theirs"), []));
        feed.Tag(Repository, "next");
        var outcome = await Replicas.ApplyAsync(feed.Region, feed.Entries);

        Assert.Null(outcome.Faulty);
        Assert.Equal(feed.HeadOf(Id), await Ledgers.ReadHeadAsync(Id));
        Assert.Equal(["next", "theirs"], (await Tables.ListTagsAsync(Name, null, 10)).Select(tag => tag.ToString()));
        Assert.Null(await Tables.FindManifestAsync(Name, image.Digest));
        Assert.Null(await Tables.FindReferenceToAsync(Name, SampleManifests.ConfigOf("ours").Digest));
        Assert.Empty(await Tables.ListReferrersAsync(Name, SampleBlob.Of("subject").Digest, null, null, 10));
        Assert.Equal(uploaded.SizeBytes, await Tables.FindBlobAsync(Name, uploaded.Digest));
    }

    [Fact]
    public async Task InstallSnapshotAsync_CommitsOfThisRegion_LeaveEmptyPlacesInItsFeed()
    {
        var (feed, ledger, other) = (new SampleFeed { Epoch = 2 }, Ledger(Repository), Ledger("library/other"));
        await ledger.TagAsync(SampleBlob.Of("a").Digest, "lost");
        await other.TagAsync(SampleBlob.Of("a").Digest, "v1");
        await ledger.TagAsync(SampleBlob.Of("a").Digest, "lost-too");
        feed.Tag(Repository, "theirs");

        await Replicas.InstallSnapshotAsync(feed.Region, 1, SnapshotOf(feed, "theirs"), []);

        await Fixture.ReopenAsync();
        Assert.Equal((0, 3), await Ledgers.ReadExtentAsync(SampleLedger.Region));
        Assert.Equal(
            [true, false, true],
            (await Ledgers.ReadFeedAsync(SampleLedger.Region, 0, 10)).Select(entry => entry.Encoded.IsEmpty));
        Assert.Equal(4, (await other.AppendAsync(new Operation.TagDeleted(Tag.Parse("v1")))).Position.Number);
        (ledger.Head, ledger.Epoch) = (feed.HeadOf(Id), 3);
        Assert.Equal(5, (await ledger.AppendAsync(new Operation.TagDeleted(Tag.Parse("theirs")))).Position.Number);
    }

    [Fact]
    public async Task InstallSnapshotAsync_EarlierEpochThanHere_ChangesNothing()
    {
        var (feed, ledger) = (new SampleFeed(), Ledger(Repository));
        feed.Tag(Repository, "theirs");
        ledger.Epoch = 2;
        await ledger.TagAsync(SampleBlob.Of("a").Digest, "ours");

        Assert.False(await Replicas.InstallSnapshotAsync(feed.Region, 1, SnapshotOf(feed, "theirs"), [Missing(SampleBlob.Of("b"))]));

        Assert.Equal(ledger.Head, await Ledgers.ReadHeadAsync(Id));
        Assert.NotNull(await Tables.FindTagAsync(Name, Tag.Parse("ours")));
        Assert.Empty(await Hydration.ListAsync(dead: false, 10));
    }

    [Fact]
    public async Task SkipToAsync_FartherAndBack_MovesOnlyForward()
    {
        var feed = new SampleFeed();
        var checksum = SampleBlob.Of("checksum").Digest.ToHash();
        for (var i = 0; i < 5; i++) feed.Tag($"library/r{i}", "v1");
        await Replicas.ApplyAsync(feed.Region, [feed.Entries[0]]);

        await Replicas.SkipToAsync(feed.Region, SampleFeed.Cursor(4, checksum), 1);
        await Replicas.SkipToAsync(feed.Region, SampleFeed.Cursor(3, default), 1);

        await Fixture.ReopenAsync();
        AssertCursor(SampleFeed.Cursor(4, checksum), await Replicas.ReadCursorAsync(feed.Region));
        Assert.Equal((4, 4), await Ledgers.ReadExtentAsync(feed.Region));
        Assert.Equal(5, (await Replicas.ApplyAsync(feed.Region, feed.Entries)).Cursor.Position);
        Assert.Equal([5L], (await Ledgers.ReadFeedAsync(feed.Region, 0, 10)).Select(entry => entry.Position));
    }

    /// <summary>A region that lost its data must not give positions again that others have seen.</summary>
    [Fact]
    public async Task SkipToAsync_FeedOfThisRegion_AppendsGoOnAfterIt()
    {
        await Replicas.SkipToAsync(SampleLedger.Region, SampleFeed.Cursor(100, default), 1);

        Assert.Equal(101, (await Ledger(Repository).AppendAsync(new Operation.TagDeleted(Tag.Parse("v1")))).Position.Number);
    }

    private static async Task<LedgerSnapshot> SnapshotAsync(IReplicaStore store)
    {
        var read = await store.CopySnapshotAsync(Id);
        Assert.NotNull(read);
        return read;
    }

    private static LedgerSnapshot SnapshotOf(SampleFeed feed, params string[] tags) => SampleStores.SnapshotOf(
        Id, feed.HeadOf(Id), [.. tags.Select(tag => new SnapshotEntry.OfTag(Tag.Parse(tag), SampleBlob.Of(tag).Digest))]);
}
