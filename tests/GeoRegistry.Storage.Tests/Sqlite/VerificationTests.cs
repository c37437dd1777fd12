using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Ledgers.Verification;
using GeoRegistry.Protocol;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Storage.Tests.Sqlite;

public sealed class VerificationTests : IAsyncLifetime
{
    private static readonly RegionId Us = RegionId.Parse("us");

    private static readonly IReadOnlyList<RegionId> Regions = [Us, SampleLedger.Region];

    private readonly SqliteStoreFixture _fixture = new();

    /// <summary>Each change is one row of the database, changed beside the store as a disk or a person would.</summary>
    [Theory]
    [InlineData("UPDATE manifests SET content = CAST(replace(CAST(content AS TEXT), '2', '3') AS BLOB) "
        + "WHERE rowid = (SELECT max(rowid) FROM manifests)")]
    [InlineData("UPDATE manifests SET media_type = 'application/vnd.oci.image.manifest.v1+json' "
        + "WHERE rowid = (SELECT max(rowid) FROM manifests)")]
    [InlineData("UPDATE manifests SET digest = CAST(x'01' || zeroblob(32) AS BLOB) WHERE rowid = (SELECT max(rowid) FROM manifests)")]
    [InlineData("DELETE FROM manifests WHERE rowid = (SELECT max(rowid) FROM manifests)")]
    [InlineData("UPDATE tags SET digest = CAST(x'01' || zeroblob(32) AS BLOB) WHERE name = 'v1'")]
    [InlineData("UPDATE tags SET name = 'v1x' WHERE name = 'v1'")]
    [InlineData("DELETE FROM tags WHERE name = 'v1'")]
    [InlineData("INSERT INTO tags (ledger, name, digest) SELECT ledger, 'v9', digest FROM tags WHERE name = 'v1'")]
    [InlineData("UPDATE referrers SET descriptor = CAST(descriptor || ' ' AS BLOB)")]
    [InlineData("UPDATE referrers SET artifact_type = NULL")]
    [InlineData("DELETE FROM referrers")]
    [InlineData("UPDATE manifest_references SET target = CAST(x'01' || zeroblob(32) AS BLOB) "
        + "WHERE target = (SELECT max(target) FROM manifest_references)")]
    [InlineData("DELETE FROM manifest_references WHERE target = (SELECT max(target) FROM manifest_references)")]
    [InlineData("UPDATE blob_links SET size = size + 1 WHERE digest = (SELECT max(digest) FROM blob_links WHERE committed = 1)")]
    [InlineData("UPDATE blob_links SET digest = CAST(x'01' || zeroblob(32) AS BLOB) "
        + "WHERE digest = (SELECT max(digest) FROM blob_links WHERE committed = 1)")]
    [InlineData("UPDATE blob_links SET committed = 0 WHERE digest = (SELECT max(digest) FROM blob_links WHERE committed = 1)")]
    [InlineData("UPDATE commits SET encoded = CAST(encoded || x'00' AS BLOB) WHERE number = 1")]
    [InlineData("UPDATE commits SET encoded = CAST(encoded || x'00' AS BLOB) WHERE number = (SELECT max(number) FROM commits)")]
    [InlineData("UPDATE commits SET checksum = zeroblob(32) WHERE number = 1")]
    [InlineData("UPDATE commits SET number = 99 WHERE number = 2")]
    [InlineData("UPDATE commits SET position = 99 WHERE number = 2")]
    [InlineData("UPDATE commits SET write_id = zeroblob(16) WHERE number = 1")]
    [InlineData("UPDATE ledgers SET number = number + 1")]
    [InlineData("UPDATE ledgers SET number = 0")]
    [InlineData("UPDATE ledgers SET epoch = epoch + 1")]
    [InlineData("UPDATE ledgers SET checksum = zeroblob(32)")]
    [InlineData("UPDATE ledgers SET name = 'library/other'")]
    [InlineData("UPDATE ledgers SET contents = zeroblob(16)")]
    public async Task VerifyNextAsync_OneRowChangedByHand_IsAFault(string change)
    {
        await FillAsync();
        Assert.Null((await VerifyAsync()).Fault);

        _fixture.Execute(change);

        Assert.NotNull((await VerifyAsync()).Fault);
    }

    [Fact]
    public async Task VerifyNextAsync_EveryKindOfWrite_KeepsTheChecksum()
    {
        var (ledger, layer) = (await FillAsync(), SampleBlob.Of("layer"));
        var (image, again) = (SampleManifests.Image("again", layers: layer), SampleManifests.Image("a", layers: layer));
        var name = ledger.Repository;
        Operation[][] commits =
        [
            [new Operation.ManifestPut(image), new Operation.TagSet(Tag.Parse("v1"), image.Digest)],
            [new Operation.ManifestPut(image)],
            [new Operation.TagSet(Tag.Parse("v1"), again.Digest)],
            [new Operation.TagDeleted(Tag.Parse("v1")), new Operation.TagDeleted(Tag.Parse("never-there"))],
            [new Operation.ManifestDeleted(image.Digest)],
            [new Operation.ManifestDeleted(image.Digest)],
            [new Operation.BlobLinked(SampleBlob.Of("child").Digest, 3)],
            [new Operation.BlobDeleted(SampleBlob.Of("child").Digest)],
            [new Operation.BlobDeleted(SampleBlob.Of("never there").Digest)],
        ];
        foreach (var commit in commits)
        {
            await _fixture.Tables.LinkBlobAsync(name, SampleBlob.Of("uploaded").Digest, 8);
            await ledger.AppendAsync(commit);
            var scan = await VerifyAsync();
            Assert.True(scan.Fault is null && scan.Stored is not null, $"{scan.Fault} after {commit[0]}");
        }
    }

    /// <summary>A link that an upload made is kept here and deleted there: the checksum knows only what commits say.</summary>
    [Fact]
    public async Task ReadStateAsync_EqualHeadsWithDifferentUploads_AreEqual()
    {
        await using var other = new SqliteStoreFixture();
        var (here, there, blob) = (
            new SampleLedger(() => _fixture.Ledgers, "library/a"),
            new SampleLedger(() => other.Ledgers, "library/a"),
            SampleBlob.Of("both"));
        foreach (var ledger in new[] { here, there })
        {
            await ledger.PutAsync(SampleManifests.Image("a"));
            await ledger.AppendAsync(new Operation.BlobLinked(blob.Digest, blob.SizeBytes));
        }

        await _fixture.Store.LinkBlobAsync(here.Repository, blob.Digest, blob.SizeBytes, announce: true);
        foreach (var ledger in new[] { here, there }) await ledger.AppendAsync(new Operation.BlobDeleted(blob.Digest));

        Assert.NotNull(await _fixture.Tables.FindBlobAsync(here.Repository, blob.Digest));
        Assert.Null(await other.Tables.FindBlobAsync(here.Repository, blob.Digest));
        Assert.Equal(await other.Store.ReadStateAsync(here.Id), await _fixture.Store.ReadStateAsync(here.Id));
    }

    [Fact]
    public async Task InstallSnapshotAsync_SnapshotOfAnotherStore_HasItsChecksum()
    {
        var ledger = await FillAsync();
        await using var replica = new SqliteStoreFixture();
        var snapshot = await _fixture.Store.CopySnapshotAsync(ledger.Id);

        await replica.Store.InstallSnapshotAsync(new FeedPosition(SampleLedger.Region, SampleFeed.Incarnation, 9), snapshot!, []);

        Assert.Equal(await _fixture.Store.ReadStateAsync(ledger.Id), await replica.Store.ReadStateAsync(ledger.Id));
        Assert.Null((await replica.Store.VerifyNextAsync(0))!.Fault);
    }

    [Theory]
    [InlineData("UPDATE tags SET digest = CAST(x'01' || zeroblob(32) AS BLOB) WHERE name = 'v1'")]
    [InlineData("UPDATE tags SET digest = x'01' WHERE name = 'v1'")]
    [InlineData("UPDATE tags SET name = '..' WHERE name = 'v1'")]
    [InlineData("UPDATE manifests SET content = zeroblob(length(content))")]
    public async Task ReadSnapshotAsync_DamagedRow_IsSaidAndNotCopied(string damage)
    {
        var ledger = await FillAsync();
        _fixture.Execute(damage);

        await Assert.ThrowsAsync<InvalidDataException>(
            () => _fixture.Store.CopySnapshotAsync(ledger.Id));
    }

    [Fact]
    public async Task VerifyNextAsync_PrunedHistory_IsWhole()
    {
        await FillAsync();
        await _fixture.Store.PruneFeedAsync(SampleLedger.Region, keep: 1, keepBytes: long.MaxValue, limit: 100);

        Assert.Null((await VerifyAsync()).Fault);
        _fixture.Execute("UPDATE commits SET encoded = CAST(encoded || x'00' AS BLOB)");
        Assert.NotNull((await VerifyAsync()).Fault);
    }

    [Theory]
    [InlineData("position = position + 1")]
    [InlineData("position = position - 1")]
    [InlineData("checksum = zeroblob(32)")]
    [InlineData("snapshot = 7")]
    [InlineData("pruned = 7")]
    [InlineData("incarnation = '00000001'")]
    public async Task FindDamagedFeedsAsync_RowChangedByHand_IsFoundUntilItIsReset(string change)
    {
        var feed = new SampleFeed();
        for (var i = 0; i < 3; i++) feed.Tag("library/r", $"v{i}");
        await _fixture.Store.ApplyAsync(feed.Region, feed.Entries);
        Assert.Empty(await _fixture.Store.FindDamagedFeedsAsync());

        _fixture.Execute($"UPDATE feeds SET {change} WHERE region = '{feed.Region}'");
        await _fixture.ReopenAsync();

        Assert.Equal([feed.Region], await _fixture.Store.FindDamagedFeedsAsync());
        await _fixture.Store.ResetCursorAsync(feed.Region);
        Assert.Empty(await _fixture.Store.FindDamagedFeedsAsync());
        var outcome = await _fixture.Store.ApplyAsync(feed.Region, feed.Entries);
        Assert.Equal((3, null), (outcome.Cursor.Position, outcome.Faulty));
    }

    /// <summary>Two commits of a feed await three blobs, one of which both await.</summary>
    [Theory]
    [InlineData("UPDATE hydration SET size = size + 1 WHERE id = 1")]
    [InlineData("UPDATE hydration SET origin = 'uk' WHERE id = 1")]
    [InlineData("UPDATE hydration SET ledger = 99 WHERE id = 1")]
    [InlineData("UPDATE hydration SET not_before = 99999999999999 WHERE id = 1")]
    [InlineData("UPDATE hydration SET not_before = -1 WHERE id = 1")]
    [InlineData("UPDATE hydration SET since = -138900000000000 WHERE id = 1")]
    [InlineData("UPDATE hydration SET attempts = -1 WHERE id = 1")]
    [InlineData("UPDATE hydration SET origin = CAST(x'f573' AS TEXT) WHERE id = 1")]
    [InlineData("UPDATE hydration SET dead = 1 WHERE id = 1")]
    [InlineData("UPDATE hydration SET id = 99 WHERE id = 1")]
    [InlineData("DELETE FROM hydration WHERE id = 1")]
    [InlineData("UPDATE hydration_waits SET blob = 99 WHERE blob = 1")]
    [InlineData("UPDATE hydration_waits SET position = 99 WHERE position = 1 AND blob = 1")]
    [InlineData("UPDATE hydration_waits SET source = 'uk' WHERE position = 1 AND blob = 1")]
    [InlineData("DELETE FROM hydration_waits WHERE position = 1 AND blob = 1")]
    [InlineData("UPDATE hydration_commits SET blobs = blobs + 1 WHERE position = 1")]
    [InlineData("UPDATE hydration_commits SET position = 99 WHERE position = 1")]
    [InlineData("UPDATE hydration_commits SET at = -138900000000000 WHERE position = 1")]
    [InlineData("DELETE FROM hydration_commits WHERE position = 1")]
    [InlineData("INSERT INTO hydration_commits (source, position, ledger, at, blobs) VALUES ('us', 9, 1, 0, 1)")]
    [InlineData("UPDATE hydration_regions SET bytes = bytes + 1")]
    [InlineData("UPDATE hydration_regions SET source = 'uk'")]
    [InlineData("DELETE FROM hydration_regions")]
    [InlineData("UPDATE hydration_ledgers SET oldest = 0")]
    [InlineData("UPDATE hydration_ledgers SET ledger = 99")]
    public async Task FindFaultOfQueueAsync_RowChangedByHand_IsFoundAndRepaired(string change)
    {
        var blobs = await FillQueueAsync();
        Assert.Null(await _fixture.Store.FindFaultOfQueueAsync(Regions));

        _fixture.Execute(change);

        Assert.NotNull(await _fixture.Store.FindFaultOfQueueAsync(Regions));
        await _fixture.Store.RepairQueueAsync();
        await _fixture.Store.TidyQueueAsync(Regions);
        Assert.Null(await _fixture.Store.FindFaultOfQueueAsync(Regions));

        // What the queue lost altogether is named by the links, and is queued again from there.
        var ledger = LedgerId.Of(RepositoryName.Parse("library/r"));
        var lost = await _fixture.Store.ListUnqueuedBlobsAsync(ledger);
        var missing = lost.Select(blob => new MissingBlob(blob.Digest, blob.SizeBytes, Us)).ToList();
        await _fixture.Store.QueueMissingAsync(new FeedPosition(Us, SampleFeed.Incarnation, 2), ledger, missing);
        var ready = await _fixture.Store.ReadReadyAsync(Us, DateTimeOffset.UnixEpoch.AddYears(100), 10);
        Assert.Equal(
            blobs.Select(blob => (blob.Digest, blob.SizeBytes)).Order(),
            ready.Select(job => (job.Digest, job.SizeBytes)).Order());
        foreach (var blob in blobs) await _fixture.Store.CompleteAsync(blob.Digest);
        Assert.Empty(await _fixture.Store.SummarizeAsync());
        Assert.Empty(await _fixture.Store.SummarizeRepositoriesAsync(null, 10));
        Assert.True(await _fixture.Store.IsCompleteAsync(ledger, Us, 1));
    }

    /// <summary>A commit is queued again with an earlier time: by a snapshot, or after another region's clock.</summary>
    [Fact]
    public async Task FindFaultOfQueueAsync_CommitQueuedAgainEarlier_IsWhole()
    {
        var blobs = await FillQueueAsync();
        var later = SampleBlob.Of("four");
        var ledger = LedgerId.Of(RepositoryName.Parse("library/r"));
        await _fixture.Store.QueueMissingAsync(
            new FeedPosition(Us, SampleFeed.Incarnation, 7), ledger, [new MissingBlob(later.Digest, later.SizeBytes, Us)]);
        _fixture.Execute("UPDATE hydration_commits SET at = at + 100000000000 WHERE position = 7");
        await _fixture.Store.RepairQueueAsync();

        await _fixture.Store.QueueMissingAsync(new FeedPosition(Us, SampleFeed.Incarnation, 7), ledger, blobs);

        Assert.Null(await _fixture.Store.FindFaultOfQueueAsync(Regions));
    }

    /// <summary>A region that was taken out of the topology is no damage: its blobs are fetched from another.</summary>
    [Fact]
    public async Task TidyQueueAsync_RegionNoLongerThere_LetsItsBlobsComeFromTheFirst()
    {
        var blobs = await FillQueueAsync();
        var eu = SampleLedger.Region;
        Assert.Null(await _fixture.Store.FindFaultOfQueueAsync([eu]));

        await _fixture.Store.TidyQueueAsync([eu]);

        Assert.Equal(blobs.Count, (await _fixture.Store.ReadReadyAsync(eu, DateTimeOffset.UnixEpoch.AddYears(100), 10)).Count);
    }

    /// <summary>One of the repositories that await a blob has it no more: the other goes on awaiting it.</summary>
    [Fact]
    public async Task TidyQueueAsync_BlobDeletedInOneOfTwoRepositories_IsAwaitedByTheOther()
    {
        var blobs = await FillQueueAsync();
        var feed = new SampleFeed("ap");
        feed.Add("library/s", blobs, [.. blobs.Select(blob => new Operation.BlobLinked(blob.Digest, blob.SizeBytes))]);
        feed.Add("library/s", new Operation.BlobDeleted(blobs[0].Digest));
        await _fixture.Store.ApplyAsync(feed.Region, feed.Entries);

        await _fixture.Store.TidyQueueAsync([.. Regions, feed.Region]);

        Assert.Equal(blobs.Count, (await _fixture.Store.ListAsync(dead: false, 10)).Count);
        Assert.Null(await _fixture.Store.FindFaultOfQueueAsync([.. Regions, feed.Region]));
    }

    /// <summary>Its digest is one that nobody has: it is dropped without a finding, because a deletion leaves the same behind.</summary>
    [Fact]
    public async Task TidyQueueAsync_BlobThatNobodyHasAnyMore_IsDropped()
    {
        var blobs = await FillQueueAsync();
        _fixture.Execute("UPDATE hydration SET digest = CAST(x'ff' || zeroblob(32) AS BLOB) WHERE id = 1");

        await _fixture.Store.TidyQueueAsync(Regions);

        Assert.Null(await _fixture.Store.FindFaultOfQueueAsync(Regions));
        Assert.Single(await _fixture.Store.ListUnqueuedBlobsAsync(LedgerId.Of(RepositoryName.Parse("library/r"))));
        Assert.Equal(blobs.Count - 1, (await _fixture.Store.ListAsync(dead: false, 10)).Count);
    }

    [Fact]
    public async Task AcceptAsync_DamagedChecksum_IsThatOfTheRows()
    {
        await FillAsync();
        _fixture.Execute("UPDATE ledgers SET contents = zeroblob(16)");

        Assert.True(await _fixture.Store.AcceptAsync(await VerifyAsync()));

        Assert.Null((await VerifyAsync()).Fault);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _fixture.DisposeAsync().AsTask();

    private async Task<IReadOnlyList<MissingBlob>> FillQueueAsync()
    {
        var (feed, samples) = (new SampleFeed(), new[] { SampleBlob.Of("one"), SampleBlob.Of("two"), SampleBlob.Of("three") });
        var blobs = samples.Select(blob => new MissingBlob(blob.Digest, blob.SizeBytes, Us)).ToList();
        feed.Add("library/r", blobs[..2], [.. blobs[..2].Select(blob => new Operation.BlobLinked(blob.Digest, blob.SizeBytes))]);
        feed.Add("library/r", blobs[1..], [.. blobs[1..].Select(blob => new Operation.BlobLinked(blob.Digest, blob.SizeBytes))]);
        await _fixture.Store.ApplyAsync(feed.Region, feed.Entries);
        return blobs;
    }

    private async Task<SampleLedger> FillAsync()
    {
        var (ledger, layer) = (new SampleLedger(() => _fixture.Ledgers, "library/a"), SampleBlob.Of("layer"));
        var subject = SampleManifests.Image("subject");
        var image = SampleManifests.Image("a", subject.Digest, "application/vnd.example", layer);
        await ledger.PutAsync(subject, image, SampleManifests.Index(image, subject));
        await ledger.TagAsync(image.Digest, "v1", "v2");
        await ledger.TagAsync(subject.Digest, "v2");
        return ledger;
    }

    private async Task<LedgerScanResult> VerifyAsync() =>
        await _fixture.Store.VerifyNextAsync(0) ?? throw new InvalidOperationException("There is no ledger.");
}
