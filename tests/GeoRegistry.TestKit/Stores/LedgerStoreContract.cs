using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Manifests;

namespace GeoRegistry.TestKit.Stores;

/// <summary>What <see cref="ILedgerStore"/> promises; every store's tests derive from it.</summary>
public abstract partial class LedgerStoreContract : MetadataStoreContract
{
    [Fact]
    public async Task ReadHeadAsync_LedgerWithoutCommits_IsEmpty() =>
        Assert.Equal(LedgerHead.Empty, await Ledgers.ReadHeadAsync(Ledger().Id));

    [Fact]
    public async Task AppendAsync_FirstCommit_IsTheHeadAndTheFirstOfTheFeed()
    {
        var ledger = Ledger();
        var manifest = SampleManifests.Image("a");
        var commit = ledger.After(LedgerHead.Empty, new Operation.ManifestPut(manifest));

        var appended = Assert.IsType<AppendOutcome.Appended>(await Ledgers.AppendAsync(LedgerHead.Empty, commit));

        var encoded = CommitCodec.Encode(commit);
        Assert.Equal(1, appended.Position.Number);
        Assert.Equal(LedgerHead.Empty.After(1, encoded), appended.Head);
        Assert.Equal(appended.Head, await Ledgers.ReadHeadAsync(ledger.Id));
        var entry = Assert.Single(await Ledgers.ReadFeedAsync(SampleLedger.Region, 0, 10));
        Assert.Equal(1, entry.Position);
        Assert.Equal(encoded, entry.Encoded.ToArray());
        Assert.Equal(appended.Head.Checksum.ToArray(), entry.Checksum.ToArray());
    }

    [Fact]
    public async Task AppendAsync_CommitAfterCommit_ChainsChecksumsOverBoth()
    {
        var ledger = Ledger();
        var first = await ledger.AppendAsync(new Operation.ManifestPut(SampleManifests.Image("a")));
        var next = ledger.After(first.Head, new Operation.TagSet(Tag.Parse("v1"), SampleManifests.Image("a").Digest));

        var second = Assert.IsType<AppendOutcome.Appended>(await Ledgers.AppendAsync(first.Head, next));

        Assert.Equal(first.Head.After(1, CommitCodec.Encode(next)), second.Head);
        Assert.Equal((2, 2), (second.Head.Number, second.Position.Number));
    }

    [Fact]
    public async Task AppendAsync_HeadMoved_AnswersTheHeadAndChangesNothing()
    {
        var ledger = Ledger();
        var (first, late, blob) = (SampleManifests.Image("first"), SampleManifests.Image("late", layers: SampleBlob.Of("late layer")),
            SampleBlob.Of("late layer"));
        await ledger.PutAsync(first);
        await ledger.TagAsync(first.Digest, "v1");

        var outcome = await Ledgers.AppendAsync(
            LedgerHead.Empty,
            ledger.After(LedgerHead.Empty, new Operation.ManifestPut(late), new Operation.TagSet(Tag.Parse("v1"), late.Digest),
                new Operation.TagSet(Tag.Parse("v2"), late.Digest)));

        Assert.Equal(new AppendOutcome.HeadMoved(ledger.Head), outcome);
        Assert.Equal(ledger.Head, await Ledgers.ReadHeadAsync(ledger.Id));
        Assert.Equal(2, (await Ledgers.ReadFeedAsync(SampleLedger.Region, 0, 10)).Count);
        Assert.Null(await Tables.FindManifestAsync(ledger.Repository, late.Digest));
        Assert.Equal(first.Digest, await Tables.FindTagAsync(ledger.Repository, Tag.Parse("v1")));
        Assert.Null(await Tables.FindTagAsync(ledger.Repository, Tag.Parse("v2")));
        Assert.Null(await Tables.FindReferenceToAsync(ledger.Repository, blob.Digest));
        Assert.Null(await Tables.FindBlobAnywhereAsync(blob.Digest));
    }

    [Fact]
    public async Task AppendAsync_SameNumberOfAnotherHistory_AnswersHeadMoved()
    {
        var ledger = Ledger();
        await ledger.TagAsync(SampleBlob.Of("a").Digest, "v1");
        var other = ledger.Head with { Checksum = new byte[LedgerHead.ChecksumSizeBytes] };

        var outcome = await Ledgers.AppendAsync(other, ledger.After(other, new Operation.TagDeleted(Tag.Parse("v1"))));

        Assert.Equal(new AppendOutcome.HeadMoved(ledger.Head), outcome);
    }

    [Fact]
    public async Task AppendAsync_LedgerIsBehindTheExpectedHead_AnswersHeadMoved()
    {
        var ledger = Ledger();
        var ahead = LedgerHead.Empty.After(1, "a commit that this region does not have"u8);

        var outcome = await Ledgers.AppendAsync(ahead, ledger.After(ahead, new Operation.TagDeleted(Tag.Parse("v1"))));

        Assert.Equal(new AppendOutcome.HeadMoved(LedgerHead.Empty), outcome);
        Assert.False(await Tables.ExistsAsync(ledger.Repository));
    }

    [Fact]
    public async Task AppendAsync_NumberDoesNotFollow_IsRefusedAsAFault()
    {
        var ledger = Ledger();
        var commit = ledger.After(LedgerHead.Empty, new Operation.TagDeleted(Tag.Parse("v1"))) with { Number = 2 };

        await Assert.ThrowsAnyAsync<ArgumentException>(() => Ledgers.AppendAsync(LedgerHead.Empty, commit));

        Assert.Equal(LedgerHead.Empty, await Ledgers.ReadHeadAsync(ledger.Id));
    }

    [Fact]
    public async Task AppendAsync_OlderEpoch_IsFenced()
    {
        var ledger = Ledger();
        ledger.Epoch = 7;
        await ledger.TagAsync(SampleBlob.Of("a").Digest, "v1");
        ledger.Epoch = 6;

        var outcome = await Ledgers.AppendAsync(ledger.Head, ledger.After(ledger.Head, new Operation.TagDeleted(Tag.Parse("v1"))));

        Assert.Equal(new AppendOutcome.HeadMoved(ledger.Head), outcome);
        Assert.Equal(7, (await Ledgers.ReadHeadAsync(ledger.Id)).Epoch);
        Assert.NotNull(await Tables.FindTagAsync(ledger.Repository, Tag.Parse("v1")));
    }

    [Fact]
    public async Task AppendAsync_LaterEpoch_IsTakenAndKept()
    {
        var ledger = Ledger();
        await ledger.TagAsync(SampleBlob.Of("a").Digest, "v1");
        ledger.Epoch = 9;

        await ledger.TagAsync(SampleBlob.Of("a").Digest, "v2");

        Assert.Equal((9, 2), ((await Ledgers.ReadHeadAsync(ledger.Id)).Epoch, ledger.Head.Number));
    }

    [Fact]
    public async Task AppendAsync_AlreadyCancelled_ChangesNothing()
    {
        var ledger = Ledger();
        var commit = ledger.After(LedgerHead.Empty, new Operation.TagDeleted(Tag.Parse("v1")));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Ledgers.AppendAsync(LedgerHead.Empty, commit, cancellation: new CancellationToken(canceled: true)));

        Assert.Equal(LedgerHead.Empty, await Ledgers.ReadHeadAsync(ledger.Id));
    }

    [Fact]
    public async Task AppendAsync_CancelledWhileItWaits_IsCarriedThroughOrNotAtAll()
    {
        var ledger = Ledger();
        using var client = new CancellationTokenSource();
        Task<AppendOutcome> append;
        await using (await Fixture.HoldWritesAsync())
        {
            append = Ledgers.AppendAsync(
                LedgerHead.Empty,
                ledger.After(LedgerHead.Empty, new Operation.TagSet(Tag.Parse("v1"), SampleBlob.Of("a").Digest)),
                cancellation: client.Token);
            await client.CancelAsync();
        }

        var outcome = await Record.ExceptionAsync(() => append.OrFail("the append's end"));

        var expected = outcome is null ? 1 : 0;
        Assert.True(outcome is null or OperationCanceledException, $"{outcome}");
        Assert.Equal(expected, (await Ledgers.ReadHeadAsync(ledger.Id)).Number);
        Assert.Equal(expected, (await Tables.ListTagsAsync(ledger.Repository, null, 10)).Count);
    }

    [Fact]
    public async Task AppendAsync_ManifestOfTheLargestSize_IsKeptByteForByte()
    {
        var ledger = Ledger();
        var manifest = SampleManifests.OfSize(ManifestReader.MaxSizeBytes);

        await ledger.PutAsync(manifest);
        await Fixture.ReopenAsync();

        var found = await Tables.FindManifestAsync(ledger.Repository, manifest.Digest);
        Assert.Equal(ManifestReader.MaxSizeBytes, found!.Content.Length);
        Assert.Equal(manifest.Digest, Digest.Of(found.Content.Span));
        var entry = Assert.Single(await Ledgers.ReadFeedAsync(SampleLedger.Region, 0, 10));
        Assert.Equal(
            manifest.Digest, Assert.IsType<Operation.ManifestPut>(CommitCodec.Decode(entry.Encoded).Operations[0]).Manifest.Digest);
    }

    [Fact]
    public async Task AppendAsync_BlobLinked_TheRepositoryHasTheBlob()
    {
        var (ledger, blob) = (Ledger(), SampleBlob.Of("child of an index"));

        await ledger.AppendAsync(new Operation.BlobLinked(blob.Digest, blob.SizeBytes));

        Assert.Equal(blob.SizeBytes, await Tables.FindBlobAsync(ledger.Repository, blob.Digest));
        Assert.Null(await Tables.FindBlobAsync(Ledger("library/other").Repository, blob.Digest));
    }

    [Fact]
    public async Task AppendAsync_ManyOperationsInOneCommit_AreAllApplied()
    {
        var ledger = Ledger();
        var tags = Enumerable.Range(0, 1000).Select(i => $"v{i:d4}").ToArray();

        await ledger.TagAsync(SampleBlob.Of("a").Digest, tags);

        Assert.Equal(tags, (await Tables.ListTagsAsync(ledger.Repository, null, 2000)).Select(tag => tag.ToString()));
    }

    [Fact]
    public async Task AppendAsync_StoreReopened_EverythingIsKept()
    {
        var (ledger, layer) = (Ledger(), SampleBlob.Of("layer"));
        var image = SampleManifests.Image("a", layers: layer);
        await ledger.PutAsync(image);
        await ledger.TagAsync(image.Digest, "v1");
        var feed = await Ledgers.ReadFeedAsync(SampleLedger.Region, 0, 10);

        await Fixture.ReopenAsync();

        Assert.Equal(ledger.Head, await Ledgers.ReadHeadAsync(ledger.Id));
        Assert.Equal(
            feed.Select(entry => (entry.Position, Convert.ToHexString(entry.Encoded.Span), Convert.ToHexString(entry.Checksum.Span))),
            (await Ledgers.ReadFeedAsync(SampleLedger.Region, 0, 10)).Select(
                entry => (entry.Position, Convert.ToHexString(entry.Encoded.Span), Convert.ToHexString(entry.Checksum.Span))));
        Assert.Equal(image.Content.ToArray(), (await Tables.FindManifestAsync(ledger.Repository, image.Digest))!.Content.ToArray());
        Assert.Equal(image.Digest, await Tables.FindTagAsync(ledger.Repository, Tag.Parse("v1")));
        Assert.Equal(layer.SizeBytes, await Tables.FindBlobAsync(ledger.Repository, layer.Digest));
        Assert.Equal(3, (await ledger.AppendAsync(new Operation.TagDeleted(Tag.Parse("v1")))).Position.Number);
    }
}
