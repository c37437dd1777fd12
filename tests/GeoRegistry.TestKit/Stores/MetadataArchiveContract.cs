using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Archives;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;

namespace GeoRegistry.TestKit.Stores;

/// <summary>What <see cref="IMetadataArchive"/> promises, from one store into another; every pair of stores derives from it.</summary>
public abstract class MetadataArchiveContract : MetadataStoreContract
{
    private static readonly RegionId Us = RegionId.Parse("us"), Ap = RegionId.Parse("ap");

    private static readonly DateTimeOffset Later = SampleLedger.At.AddDays(1);

    /// <summary>Opens a fresh store to import into: of the same kind, unless it is overridden.</summary>
    protected virtual Task<MetadataStoreFixture> OpenTargetAsync() => OpenAsync();

    [Fact]
    public async Task ImportAsync_AllThatAStoreCanHave_IsExportedAgainTheSame()
    {
        var ledger = await FillAsync();
        var archive = await ExportAsync(Fixture);
        await using var target = await OpenTargetAsync();

        await target.Archive.ImportAsync(ArchiveReader.ReadAsync(new MemoryStream(archive)));

        var (before, after) = (await CheckAsync(archive), await CheckAsync(await ExportAsync(target)));
        Assert.Equal((before.ToString(), before.Contents), (after.ToString(), after.Contents));
        Assert.Equal((before.Header.Region, before.Header.Incarnation), (after.Header.Region, after.Header.Incarnation));
        Assert.Equal((4, 4, 5), (before.Ledgers, before.Manifests, before.Tags));
        await target.ReopenAsync();
        Assert.Equal(before.Contents, (await CheckAsync(await ExportAsync(target))).Contents);
        await AssertGoesOnAsync(target, ledger);
    }

    [Fact]
    public async Task ImportAsync_ArchiveIsDamagedOrCutAnywhere_ChangesNothing()
    {
        await FillAsync();
        var archive = await ExportAsync(Fixture);
        await using var target = await OpenTargetAsync();
        var empty = (await CheckAsync(await ExportAsync(target))).Contents;
        var random = new Random(1);
        for (var i = 0; i < 40; i++)
        {
            var (damaged, at) = ((byte[])archive.Clone(), random.Next(archive.Length));
            damaged[at] ^= (byte)(1 << random.Next(8));
            await RefuseAsync(damaged);
            await RefuseAsync(archive[..at]);
        }

        // Only the end says that something is wrong.
        var last = (byte[])archive.Clone();
        last[^1] ^= 1;
        await RefuseAsync(last);
        await RefuseAsync([.. archive, 0]);
        Assert.Equal(empty, (await CheckAsync(await ExportAsync(target))).Contents);
        await target.Archive.ImportAsync(ArchiveReader.ReadAsync(new MemoryStream(archive)));

        async Task RefuseAsync(byte[] bytes)
        {
            await Assert.ThrowsAsync<InvalidDataException>(
                () => target.Archive.ImportAsync(ArchiveReader.ReadAsync(new MemoryStream(bytes))));
            Assert.True(await target.Archive.IsEmptyAsync());
        }
    }

    [Fact]
    public async Task ImportAsync_StoreIsNotEmpty_IsRefused()
    {
        await FillAsync();
        var archive = await ExportAsync(Fixture);
        Assert.False(await Fixture.Archive.IsEmptyAsync());

        var fault = await Assert.ThrowsAsync<InvalidDataException>(
            () => Fixture.Archive.ImportAsync(ArchiveReader.ReadAsync(new MemoryStream(archive))));

        Assert.Contains("is not empty", fault.Message, StringComparison.Ordinal);
        Assert.Equal((await CheckAsync(archive)).Contents, (await CheckAsync(await ExportAsync(Fixture))).Contents);
    }

    [Fact]
    public async Task ImportAsync_ArchiveOfAnotherRegion_IsRefused()
    {
        var records = ArchiveReader.ReadAsync(new MemoryStream(await ExportAsync(Fixture)))
            .Select(record => record is ArchiveRecord.OfHeader header ? header with { Region = Us } : record);

        var fault = await Assert.ThrowsAsync<InvalidDataException>(() => Fixture.Archive.ImportAsync(records));

        Assert.Contains("region us", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ExportAsync_WritesMeanwhile_AreNotInIt()
    {
        var ledger = Ledger();
        for (var i = 0; i < 3; i++) await ledger.PutAsync(SampleManifests.OfSize(300_000 + i));
        var before = (await CheckAsync(await ExportAsync(Fixture))).Contents;
        await using var output = new InterruptingStream(async () =>
        {
            await ledger.TagAsync(SampleBlob.Of("a").Digest, "meanwhile");
            await Tables.LinkBlobAsync(RepositoryName.Parse("a/later"), SampleBlob.Of("b").Digest, 1);
        });

        await Fixture.Archive.ExportAsync(output);

        Assert.Equal(before, (await CheckAsync(output.ToArray())).Contents);
        Assert.Equal(4, (await Ledgers.ReadHeadAsync(ledger.Id)).Number);
    }

    [Fact]
    public async Task ImportAsync_RestoredArchive_HasANewIncarnationAndIsToBeCompared()
    {
        await FillAsync();
        var (extent, cursor) = (await Ledgers.ReadFeedExtentAsync(SampleLedger.Region), await Replicas.ReadCursorAsync(Us));
        var archive = await ExportAsync(Fixture);
        await using var target = await OpenTargetAsync();
        var incarnation = Incarnation.New();

        await target.Archive.ImportAsync(RestoredArchive.Of(ArchiveReader.ReadAsync(new MemoryStream(archive)), incarnation));

        await target.ReopenAsync();
        var restored = await target.Ledgers.ReadFeedExtentAsync(SampleLedger.Region);
        Assert.Equal(new FeedExtent(incarnation, extent.Head + 1, extent.Head + 1), restored);
        Assert.True(await target.RegionRecords.IsTakeOverPendingAsync(Us));
        var there = await target.Replicas.ReadCursorAsync(Us);
        Assert.Equal((cursor.Incarnation, cursor.Position), (there.Incarnation, there.Position));
    }

    private static async Task<byte[]> ExportAsync(MetadataStoreFixture store)
    {
        using var output = new MemoryStream();
        await store.Archive.ExportAsync(output);
        return output.ToArray();
    }

    private static Task<ArchiveSummary> CheckAsync(byte[] archive) => ArchiveReader.CheckAsync(new MemoryStream(archive));

    /// <summary>A store that has something of everything.</summary>
    private async Task<SampleLedger> FillAsync()
    {
        var ledger = Ledger("library/own");
        await ledger.TagAsync(SampleBlob.Of("pruned").Digest, "pruned");
        var (image, subject) = (SampleManifests.Image("a", null, null, SampleBlob.Of("layer")), SampleManifests.Image("b"));
        await ledger.PutAsync(image, subject, SampleManifests.Image("c", subject.Digest, "application/x-sbom"));
        await ledger.TagAsync(image.Digest, "v1", "v2", "gone");
        await ledger.AppendAsync(new Operation.TagDeleted(Tag.Parse("gone")));
        await ledger.AppendAsync(
            [new MissingBlob(SampleBlob.Of("layer").Digest, 5, Us), new MissingBlob(SampleBlob.Of("other").Digest, 6, Ap)],
            new Operation.BlobLinked(SampleBlob.Of("other").Digest, 6));
        await ledger.AppendAsync(new Operation.BlobDeleted(SampleBlob.Of("other").Digest));
        await Ledgers.PruneFeedAsync(SampleLedger.Region, keep: 4, long.MaxValue, 100);

        var feed = new SampleFeed();
        feed.Tag("library/theirs", "v1");
        feed.Withhold();
        feed.Add("library/theirs", [new MissingBlob(SampleBlob.Of("layer").Digest, 5, Us)],
            new Operation.ManifestPut(image), new Operation.TagSet(Tag.Parse("v3"), image.Digest));
        await Replicas.ApplyAsync(Us, feed.Entries);
        await Replicas.SetAsideAsync(Ap, LedgerId.Of(RepositoryName.Parse("library/aside")), "it is damaged there", Later);

        await Tables.LinkBlobAsync(RepositoryName.Parse("library/uploaded"), SampleBlob.Of("up").Digest, 2);
        await Tables.LinkBlobAsync(RepositoryName.Parse("library/theirs"), SampleBlob.Of("told").Digest, 4, announce: true);
        await Announcements.TakeAnnouncementAsync(
            Us, new BlobAnnouncement(RepositoryName.Parse("library/taken"), SampleBlob.Of("up").Digest, 2, Id: 7, FirstId: 5));
        await RegionRecords.AdoptTopologyAsync("a topology"u8.ToArray(), 3, [Ap]);
        await RegionRecords.SetLongestLeaseAsync(TimeSpan.FromSeconds(5));
        await RegionRecords.SetShownThroughAsync(2);
        return ledger;
    }

    private async Task AssertGoesOnAsync(MetadataStoreFixture target, SampleLedger ledger)
    {
        var (us, own) = (await Replicas.ReadCursorAsync(Us), await Ledgers.ReadFeedExtentAsync(SampleLedger.Region));
        Assert.Equal(own, await target.Ledgers.ReadFeedExtentAsync(SampleLedger.Region));
        Assert.Equal(us.Position, (await target.Replicas.ReadCursorAsync(Us)).Position);
        Assert.Equal(
            (await Hydration.ListAsync(dead: false, 10)).Select(job => (job.Digest, job.SizeBytes)),
            (await target.Hydration.ListAsync(dead: false, 10)).Select(job => (job.Digest, job.SizeBytes)));
        Assert.Equal(await Hydration.SummarizeAsync(), await target.Hydration.SummarizeAsync());
        Assert.NotNull(await target.Announcements.FindAnnouncementAsync(
            RepositoryName.Parse("library/theirs"), SampleBlob.Of("told").Digest));
        Assert.True(await target.RegionRecords.IsTakeOverPendingAsync(Ap));
        Assert.Equal(Later, Assert.Single(await target.Replicas.ListSetAsideAsync()).NotBefore);

        var next = new SampleLedger(() => target.Ledgers, "library/own") { Head = ledger.Head };
        var appended = await next.AppendAsync(new Operation.TagSet(Tag.Parse("next"), SampleBlob.Of("a").Digest));
        Assert.Equal(new FeedPosition(SampleLedger.Region, own.Incarnation, own.Head + 1), appended.Position);
        var other = new SampleLedger(() => target.Ledgers, "library/new");
        await other.TagAsync(SampleBlob.Of("a").Digest, "v1");
        Assert.Equal(
            own.Head - own.Oldest + 2,
            (await target.Ledgers.ReadFeedAsync(own.At(SampleLedger.Region, own.Oldest), 100)).Count);
    }

    /// <summary>Does something else once, while it is first written to.</summary>
    private sealed class InterruptingStream(Func<Task> interrupt) : MemoryStream
    {
        private Func<Task>? _interrupt = interrupt;

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Interlocked.Exchange(ref _interrupt, null) is { } once) await once();
            await base.WriteAsync(buffer, cancellationToken);
        }
    }
}
