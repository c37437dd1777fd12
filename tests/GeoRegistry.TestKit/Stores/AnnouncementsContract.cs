using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;

namespace GeoRegistry.TestKit.Stores;

/// <summary>What every metadata store keeps of the blobs that are announced to the homes of their repositories.</summary>
public abstract class AnnouncementsContract : MetadataStoreContract
{
    private const string Repository = "library/sample";

    private static readonly RepositoryName Name = RepositoryName.Parse(Repository);
    private static readonly RegionId Us = RegionId.Parse("us"), Ap = RegionId.Parse("ap");
    private static readonly SampleBlob Uploaded = SampleBlob.Of("uploaded");

    /// <summary>The answer to the first was lost; meanwhile the blob was deleted, or not.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task TakeAnnouncementAsync_OnceMore_GivesTheFirstAnswerAndLinksNothing(bool deleted)
    {
        var ledger = Ledger(Repository);
        await ledger.PutAsync(SampleManifests.Image("a"));
        Assert.Equal(1, await Announcements.TakeAnnouncementAsync(Us, Of(7)));
        Assert.Equal(Uploaded.SizeBytes, await Tables.FindBlobAsync(Name, Uploaded.Digest));
        if (deleted) await ledger.AppendAsync(new Operation.BlobDeleted(Uploaded.Digest));
        await ledger.TagAsync(SampleManifests.Image("a").Digest, "v1");
        await Fixture.ReopenAsync();

        Assert.Equal(1, await Announcements.TakeAnnouncementAsync(Us, Of(7)));

        Assert.Equal(!deleted, await Tables.FindBlobAsync(Name, Uploaded.Digest) is not null);
    }

    [Fact]
    public async Task TakeAnnouncementAsync_AnotherUploadAfterTheDeletion_LinksTheBlobAgain()
    {
        foreach (var (region, id) in new[] { (Us, 8L), (Ap, 7L) })
        {
            var ledger = Ledger($"{Repository}/{region}");
            var announcement = Of(7) with { Repository = ledger.Repository };
            await Announcements.TakeAnnouncementAsync(Us, announcement);
            await ledger.AppendAsync(new Operation.BlobDeleted(Uploaded.Digest));
            Assert.Null(await Tables.FindBlobAsync(ledger.Repository, Uploaded.Digest));

            Assert.Equal(1, await Announcements.TakeAnnouncementAsync(region, announcement with { Id = id }));

            Assert.NotNull(await Tables.FindBlobAsync(ledger.Repository, Uploaded.Digest));
        }
    }

    [Fact]
    public async Task IsAnnouncementTakenAsync_BelowTheFirstThatIsToBeMade_IsDoneForThatRegionAlone()
    {
        foreach (var region in new[] { Us, Ap })
        {
            foreach (var id in new[] { 5, 6, 7 }) await Announcements.TakeAnnouncementAsync(region, Of(id, firstId: 5));
        }

        await Announcements.TakeAnnouncementAsync(Us, Of(8, firstId: 7));

        await Announcements.TakeAnnouncementAsync(Us, Of(9, firstId: 5)); // It was under way for longer.
        await Fixture.ReopenAsync();

        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8, 9], await TakenAsync(Us));
        Assert.Equal([1, 2, 3, 4, 5, 6, 7], await TakenAsync(Ap));

        async Task<List<long>> TakenAsync(RegionId region)
        {
            var taken = new List<long>();
            for (var id = 1L; id < 10; id++)
            {
                if (await Announcements.IsAnnouncementTakenAsync(region, id)) taken.Add(id);
            }

            return taken;
        }
    }

    [Fact]
    public async Task TakeAnnouncementAsync_RepeatedAfterItIsDone_DoesNotBringBackWhatWasDeletedSince()
    {
        var ledger = Ledger(Repository);
        await Announcements.TakeAnnouncementAsync(Us, Of(7));
        await ledger.AppendAsync(new Operation.BlobDeleted(Uploaded.Digest));
        await Announcements.TakeAnnouncementAsync(Us, Of(9, firstId: 9) with { Digest = SampleBlob.Of("another").Digest });

        Assert.Equal(0, await Announcements.TakeAnnouncementAsync(Us, Of(7)));

        Assert.Null(await Tables.FindBlobAsync(Name, Uploaded.Digest));
    }

    [Fact]
    public async Task ListAnnouncementsAsync_Pages_AreInTheOrderOfTheUploadsAndNameTheFirst()
    {
        var made = new List<BlobAnnouncement>();
        for (var i = 0; i < 5; i++) made.Add((await Tables.LinkBlobAsync(Name, SampleBlob.Of($"{i}").Digest, i, announce: true))!);
        Assert.All(made, announcement => Assert.Equal(made[0].Id, announcement.FirstId));
        await Announcements.ConfirmAnnouncementAsync(made[0], 0);
        await Fixture.ReopenAsync();

        var listed = new List<BlobAnnouncement>();
        for (var after = 0L; ; after = listed[^1].Id)
        {
            var page = await Announcements.ListAnnouncementsAsync(after, 3);
            if (page.Count == 0) break;
            listed.AddRange(page);
            Assert.True(listed.Count < made.Count, $"The last page never came: {listed.Count} of {made.Count - 1} were listed.");
        }

        Assert.Equal(made[1..].Select(announcement => announcement with { FirstId = made[1].Id }), listed);
        Assert.Equal(made[1].Id, await Announcements.FindAnnouncementAsync(Name, made[1].Digest));
        Assert.Null(await Announcements.FindAnnouncementAsync(Name, made[0].Digest));
    }

    [Fact]
    public async Task ConfirmAnnouncementAsync_OfAnEarlierUpload_LeavesTheLaterToBeMade()
    {
        var first = (await Tables.LinkBlobAsync(Name, Uploaded.Digest, Uploaded.SizeBytes, announce: true))!;
        var second = (await Tables.LinkBlobAsync(Name, Uploaded.Digest, Uploaded.SizeBytes, announce: true))!;

        await Announcements.ConfirmAnnouncementAsync(first, 0);

        Assert.Equal(second, Assert.Single(await Announcements.ListAnnouncementsAsync(0, 10)));
        Assert.True(second.Id > first.Id);
        Assert.Equal(second.Id, second.FirstId);
    }

    /// <summary>The home had linked it before the deletion that left it here, or after; or this region is the home by now.</summary>
    [Theory]
    [InlineData(1L, false)]
    [InlineData(2L, true)]
    [InlineData(null, true)]
    public async Task ConfirmAnnouncementAsync_DeletedMeanwhile_LeavesTheLinkWhereTheUploadIsLater(long? homeNumber, bool stays)
    {
        foreach (var way in new[] { "commit", "snapshot" })
        {
            var (feed, name) = (new SampleFeed(way == "commit" ? "us" : "ap"), RepositoryName.Parse($"{Repository}/{way}"));
            feed.Tag(name.ToString(), "v1");
            await Replicas.ApplyAsync(feed.Region, feed.Entries);
            var announcement = (await Tables.LinkBlobAsync(name, Uploaded.Digest, Uploaded.SizeBytes, announce: true))!;
            feed.Add(name.ToString(), new Operation.BlobDeleted(Uploaded.Digest));
            if (way == "snapshot")
                await Replicas.InstallSnapshotAsync(
                    feed.Region, 2, SampleStores.SnapshotOf(LedgerId.Of(name), feed.HeadOf(LedgerId.Of(name))), []);
            else
                await Replicas.ApplyAsync(feed.Region, feed.Entries.Skip(1).ToList());
            Assert.NotNull(await Tables.FindBlobAsync(name, Uploaded.Digest));

            await Announcements.ConfirmAnnouncementAsync(announcement, homeNumber);

            Assert.Equal(stays, await Tables.FindBlobAsync(name, Uploaded.Digest) is not null);
        }
    }

    /// <summary>What a ledger that its home has no longer said of deletions counts no more: the home begins anew.</summary>
    [Fact]
    public async Task ConfirmAnnouncementAsync_OfALedgerThatWasRemoved_LeavesTheLink()
    {
        var feed = new SampleFeed();
        feed.Tag(Repository, "v1");
        await Replicas.ApplyAsync(feed.Region, feed.Entries);
        var announcement = (await Tables.LinkBlobAsync(Name, Uploaded.Digest, Uploaded.SizeBytes, announce: true))!;
        feed.Add(Repository, new Operation.BlobDeleted(Uploaded.Digest));
        await Replicas.ApplyAsync(feed.Region, feed.Entries.Skip(1).ToList());
        await Replicas.RemoveLedgerAsync(LedgerId.Of(Name));

        await Announcements.ConfirmAnnouncementAsync(announcement, 0);

        Assert.NotNull(await Tables.FindBlobAsync(Name, Uploaded.Digest));
    }

    private static BlobAnnouncement Of(long id, long firstId = 1) => new(Name, Uploaded.Digest, Uploaded.SizeBytes, id, firstId);
}
