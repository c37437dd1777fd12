using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;

namespace GeoRegistry.TestKit.Stores;

public abstract partial class ReplicaStoreContract
{
    private static readonly SampleBlob Uploaded = SampleBlob.Of("uploaded");

    [Fact]
    public async Task InstallSnapshotAsync_BlobThatWasDeletedMeanwhile_ItsLinkIsGone()
    {
        var (feed, committed, uploaded) = (new SampleFeed(), SampleBlob.Of("committed"), Uploaded);
        feed.Add(Repository, new Operation.BlobLinked(committed.Digest, committed.SizeBytes));
        await Replicas.ApplyAsync(feed.Region, feed.Entries);
        await Tables.LinkBlobAsync(Name, uploaded.Digest, uploaded.SizeBytes); // While the head has the number 1: the home knows of it.
        // While this region is away.
        feed.Add(Repository, new Operation.BlobDeleted(committed.Digest), new Operation.BlobDeleted(uploaded.Digest));

        await Replicas.InstallSnapshotAsync(feed.Region, 2, SnapshotOf(feed), []);

        foreach (var blob in new[] { committed, uploaded }) Assert.Null(await Tables.FindBlobAsync(Name, blob.Digest));
    }

    [Fact]
    public async Task LinkBlobAsync_ThatTheHomeHasYetToHearOf_OutlivesDeletionsAndSnapshotsUntilItIsConfirmed()
    {
        var (feed, blob) = (new SampleFeed(), Uploaded);
        feed.Tag(Repository, "v1");
        await Replicas.ApplyAsync(feed.Region, feed.Entries);
        var announcement = (await Tables.LinkBlobAsync(Name, blob.Digest, blob.SizeBytes, announce: true))!;
        Assert.Equal(announcement, Assert.Single(await Announcements.ListAnnouncementsAsync(0, 10)));

        feed.Add(Repository, new Operation.BlobDeleted(blob.Digest));
        await Replicas.ApplyAsync(feed.Region, feed.Entries);
        Assert.NotNull(await Tables.FindBlobAsync(Name, blob.Digest));
        feed.Tag(Repository, "v3");
        await Replicas.InstallSnapshotAsync(feed.Region, 3, SnapshotOf(feed, "v1", "v3"), []);
        Assert.NotNull(await Tables.FindBlobAsync(Name, blob.Digest));
        await Replicas.RemoveLedgerAsync(Id);
        Assert.NotNull(await Tables.FindBlobAsync(Name, blob.Digest));

        await Announcements.ConfirmAnnouncementAsync(announcement, homeNumber: 5);
        Assert.Empty(await Announcements.ListAnnouncementsAsync(0, 10));
        await Fixture.ReopenAsync();
        foreach (var (number, stays) in new[] { (5, true), (6, false) })
        {
            var head = Enumerable.Range(1, number).Aggregate(LedgerHead.Empty, (before, _) => before.After(1, "a commit"u8));
            await Replicas.InstallSnapshotAsync(feed.Region, number, SampleStores.SnapshotOf(Id, head), []);
            Assert.Equal(stays, await Tables.FindBlobAsync(Name, blob.Digest) is not null);
        }
    }

    /// <summary>What keeps the link is the upload alone: of what the snapshot lacks no commit says anything any more.</summary>
    [Fact]
    public async Task InstallSnapshotAsync_WithoutABlobThatWasUploadedSince_KeepsItAsUploaded()
    {
        var (feed, blob) = (new SampleFeed(), Uploaded);
        feed.Add(Repository, new Operation.BlobLinked(blob.Digest, blob.SizeBytes));
        await Replicas.ApplyAsync(feed.Region, feed.Entries);
        await Tables.LinkBlobAsync(Name, blob.Digest, blob.SizeBytes);
        Assert.True(await Tables.IsBlobCommittedAsync(Name, blob.Digest));

        await Replicas.InstallSnapshotAsync(
            feed.Region, 1, SampleStores.SnapshotOf(Id, LedgerHead.Empty.After(2, "another history"u8)), []);

        Assert.NotNull(await Tables.FindBlobAsync(Name, blob.Digest));
        Assert.False(await Tables.IsBlobCommittedAsync(Name, blob.Digest));
    }

    [Fact]
    public async Task SetAsideAsync_Ledger_ItsFeedGoesOnWithoutItUntilASnapshotEndsThat()
    {
        var feed = new SampleFeed();
        feed.Tag(Repository, "v1");
        feed.Tag("library/other", "v1");
        var unreadable = feed.Entries[0] with { Commit = null };
        Assert.Equal(Id, (await Replicas.ApplyAsync(feed.Region, [unreadable, feed.Entries[1]])).Faulty);

        await Replicas.SetAsideAsync(feed.Region, Id, "first", SampleLedger.At);
        await Replicas.SetAsideAsync(feed.Region, Id, "second", SampleLedger.At.AddMinutes(1));

        await Fixture.ReopenAsync();
        Assert.Equal(new LedgerSetAside(feed.Region, Id, "second", 2, SampleLedger.At.AddMinutes(1)),
            Assert.Single(await Replicas.ListSetAsideAsync()));
        var outcome = await Replicas.ApplyAsync(feed.Region, [unreadable, feed.Entries[1]]);
        Assert.Null(outcome.Faulty);
        Assert.Equal(2, outcome.Cursor.Position);
        Assert.Equal(LedgerHead.Empty, await Ledgers.ReadHeadAsync(Id));
        Assert.Equal(1, (await Ledgers.ReadHeadAsync(LedgerId.Of(RepositoryName.Parse("library/other")))).Number);

        await Replicas.InstallSnapshotAsync(feed.Region, 2, SnapshotOf(feed, "v1"), []);
        feed.Tag(Repository, "v2");
        Assert.Null((await Replicas.ApplyAsync(feed.Region, feed.Entries)).Faulty);
        Assert.Empty(await Replicas.ListSetAsideAsync());
        Assert.Equal(feed.HeadOf(Id), await Ledgers.ReadHeadAsync(Id));
    }

    [Fact]
    public async Task RemoveLedgerAsync_Ledger_NothingOfItIsLeftAndItMayBeginAnew()
    {
        var (feed, image) = (new SampleFeed(), SampleManifests.Image("a"));
        feed.Add(Repository, new Operation.ManifestPut(image), new Operation.TagSet(Tag.Parse("v1"), image.Digest));
        await Replicas.ApplyAsync(feed.Region, feed.Entries);
        await Replicas.SetAsideAsync(feed.Region, Id, "reason", SampleLedger.At);

        await Replicas.RemoveLedgerAsync(Id);

        Assert.Equal(LedgerHead.Empty, await Ledgers.ReadHeadAsync(Id));
        Assert.Empty(await Ledgers.ListHeadsAsync(null, 10));
        Assert.Empty(await Replicas.ListSetAsideAsync());
        Assert.Null(await Tables.FindManifestAsync(Name, image.Digest));
        Assert.Null(await Tables.FindTagAsync(Name, Tag.Parse("v1")));
        Assert.False(await Tables.ExistsAsync(Name));
        await Replicas.RemoveLedgerAsync(Ledger("library/none").Id);
    }

    [Fact]
    public async Task SkipToAsync_AnotherIncarnation_DropsTheCommitsOfTheOneBeforeAndFollowsFromThere()
    {
        var (feed, other) = (new SampleFeed(), Incarnation.Parse("0000beef"));
        for (var i = 0; i < 5; i++) feed.Tag(Repository, $"v{i}");
        await Replicas.ApplyAsync(feed.Region, feed.Entries);
        await Assert.ThrowsAsync<ArgumentException>(
            () => Replicas.ApplyAsync(feed.Region, other, [feed.Entries[0] with { Position = 6 }]));

        await Replicas.SkipToAsync(feed.Region, new FeedCursor(other, 2, default), 1); // Its numbers have nothing to do with those before.

        await Fixture.ReopenAsync();
        AssertCursor(new FeedCursor(other, 2, default), await Replicas.ReadCursorAsync(feed.Region));
        Assert.Equal(new FeedExtent(other, 2, 2), await Ledgers.ReadFeedExtentAsync(feed.Region));
        Assert.Empty(await Ledgers.ReadFeedAsync(feed.Region, 0, 10));
        Assert.Equal(feed.HeadOf(Id), await Ledgers.ReadHeadAsync(Id)); // Ledgers stay until they are replaced.
        var next = feed.Tag(Repository, "next") with { Position = 3 };
        Assert.Equal(
            (3, other),
            await Replicas.ApplyAsync(feed.Region, other, [next]) is { Faulty: null, Cursor: var cursor }
                ? (cursor.Position, cursor.Incarnation)
                : default);
    }

    [Fact]
    public async Task AdoptTopologyAsync_FromRegions_IsPendingUntilTheirLedgersAreTakenOver()
    {
        var (us, ap) = (RegionId.Parse("us"), RegionId.Parse("ap"));
        Assert.True((await RegionRecords.ReadRecordAsync()).Topology.IsEmpty);

        await RegionRecords.AdoptTopologyAsync("first"u8.ToArray(), 1, [us, ap]);
        await RegionRecords.AdoptTopologyAsync("second"u8.ToArray(), 2, []);

        await Fixture.ReopenAsync();
        Assert.Equal("second"u8.ToArray(), (await RegionRecords.ReadRecordAsync()).Topology.ToArray());
        Assert.True(await RegionRecords.IsTakeOverPendingAsync(us));
        await Replicas.SkipToAsync(us, SampleFeed.Cursor(1, default), 1);
        Assert.Equal((false, true), (await RegionRecords.IsTakeOverPendingAsync(us), await RegionRecords.IsTakeOverPendingAsync(ap)));
    }

    [Fact]
    public async Task SkipToAsync_ByTheTopologyBefore_LeavesWhatANewerOneAsksFor()
    {
        var us = RegionId.Parse("us");
        await RegionRecords.AdoptTopologyAsync("first"u8.ToArray(), 1, [us]);
        await RegionRecords.AdoptTopologyAsync("second"u8.ToArray(), 2, [us]); // While ledgers are compared by the first.

        await Replicas.SkipToAsync(us, SampleFeed.Cursor(1, default), 1);
        Assert.True(await RegionRecords.IsTakeOverPendingAsync(us));

        await Replicas.SkipToAsync(us, SampleFeed.Cursor(1, default), 2);
        Assert.False(await RegionRecords.IsTakeOverPendingAsync(us));
    }
}
