using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Replication.Hydration;
using GeoRegistry.Replication.Tails;
using GeoRegistry.Replication.Tests.Hydration;
using GeoRegistry.Replication.Verification;
using GeoRegistry.TestKit.Stores;
using Microsoft.Extensions.Logging.Abstractions;
using static GeoRegistry.Replication.Tests.TestTopology;

namespace GeoRegistry.Replication.Tests.Verification;

public sealed class BlobVerifierTests : IAsyncLifetime
{
    private readonly HydratingRegion _region = new();
    private readonly DamagedLedgers _damaged = new();
    private readonly VerifyingBlobStore _blobs;
    private readonly VerificationProgress _progress;
    private readonly BlobVerifier _verifier;

    public BlobVerifierTests()
    {
        _blobs = new VerifyingBlobStore(_region.Faulty);
        _progress = new VerificationProgress(_region.Map);
        _verifier = new BlobVerifier(
            _region.Map, _blobs, _region.Metadata, _region.Metadata, _region.Metadata, _region.Metadata, _region.Metadata,
            _region.Metadata, new WantedBlobs(_region.Map, _region.Blobs, _region.Hydrator, _region.Fetches),
            new TailStates(_region.Map, TimeProvider.System), _damaged, _progress, NullLogger<BlobVerifier>.Instance);
    }

    private static Pace AtOnce => new(1, long.MaxValue, TimeProvider.System);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _region.DisposeAsync();

    [Fact]
    public async Task HashAsync_BlobThatCannotBeOpened_HashesTheOthersAndSaysSo()
    {
        foreach (var blob in new[] { SampleBlob.Of("a"), SampleBlob.Of("b"), SampleBlob.Of("c") }) await StoreAsync(blob);
        _region.Faulty.FailAt(StoreCall.Open, () => new IOException("Permission denied"), last: 1);

        var failure = await Assert.ThrowsAsync<IOException>(
            () => _verifier.HashAsync(AtOnce, counts: true, CancellationToken.None));

        Assert.Contains("1 blobs could not be verified, the first: Permission denied", failure.Message, StringComparison.Ordinal);
        Assert.Equal(2, _progress.Read().Blobs);
    }

    [Fact]
    public async Task QueueMissingAsync_BlobThatNothingAwaits_IsQueuedAndRepairedWhenItIsThere()
    {
        var blob = SampleBlob.Of("a");
        await LinkAsync(blob);

        await _verifier.QueueMissingAsync(AtOnce, CancellationToken.None);
        Assert.Equal(blob.Digest, (await _region.JobAsync()).Digest);
        Assert.Equal((1L, 0L), (_progress.Read().Found, _progress.Read().Repaired));
        await StoreAsync(blob);
        await _verifier.NoteRepairedAsync(CancellationToken.None);

        Assert.Equal(1, _progress.Read().Repaired);
    }

    /// <summary>Its rows may name a blob that there never was, which would be awaited for ever.</summary>
    [Fact]
    public async Task QueueMissingAsync_LedgerIsDamaged_TakesNothingFromItsRows()
    {
        await LinkAsync(SampleBlob.Of("a"));
        _damaged.Add(1, _region.Ledger.Id);

        await _verifier.QueueMissingAsync(AtOnce, CancellationToken.None);
        Assert.Empty(await _region.Metadata.ListAsync(dead: false, 10));
        Assert.Equal(0, _progress.Read().Found);
        _damaged.Remove(1);
        await _verifier.QueueMissingAsync(AtOnce, CancellationToken.None);

        Assert.Single(await _region.Metadata.ListAsync(dead: false, 10));
    }

    /// <summary>As after a change of the topology, by which the blob is to be here only now.</summary>
    [Fact]
    public async Task QueueMissingAsync_LedgersAreStillToBeTakenOver_FindsNothing()
    {
        await LinkAsync(SampleBlob.Of("a"));
        await _region.Metadata.AdoptTopologyAsync("{}"u8.ToArray(), 1, [Eu]);

        await _verifier.QueueMissingAsync(AtOnce, CancellationToken.None);

        Assert.Empty(await _region.Metadata.ListAsync(dead: false, 10));
        Assert.Equal(0, _progress.Read().Found);
    }

    /// <summary>That it is here no more has nothing to do with the topology; and its home may be away for long.</summary>
    [Fact]
    public async Task QueueMissingAsync_DamagedBlobWhileLedgersAreStillToBeTakenOver_IsQueued()
    {
        var blob = SampleBlob.Of("a");
        await StoreAsync(blob);
        await LinkAsync(blob);
        await _region.Metadata.AdoptTopologyAsync("{}"u8.ToArray(), 1, [Eu]);
        await DamageAsync(blob);

        await _verifier.QueueMissingAsync(AtOnce, CancellationToken.None);

        Assert.Single(await _region.Metadata.ListAsync(dead: false, 10));
        Assert.Equal((1L, 0L), (_progress.Read().Found, _progress.Read().Repaired));
    }

    /// <summary>No manifest names it yet: a client was told that it is stored.</summary>
    [Fact]
    public async Task QueueMissingAsync_DamagedBlobOfAnUpload_LeavesTheFindingOpen()
    {
        var blob = SampleBlob.Of("a");
        await StoreAsync(blob);
        await _region.Metadata.LinkBlobAsync(_region.Ledger.Repository, blob.Digest, blob.SizeBytes, announce: false);
        await DamageAsync(blob);

        await _verifier.QueueMissingAsync(AtOnce, CancellationToken.None);

        Assert.Equal((1L, 0L), (_progress.Read().Found, _progress.Read().Repaired));
    }

    [Fact]
    public async Task QueueMissingAsync_FoundBlobWasDeletedSince_ClosesTheFinding()
    {
        var blob = SampleBlob.Of("a");
        await LinkAsync(blob);
        await _verifier.QueueMissingAsync(AtOnce, CancellationToken.None);

        await _region.Ledger.AppendAsync(new Operation.BlobDeleted(blob.Digest));
        await _verifier.QueueMissingAsync(AtOnce, CancellationToken.None);
        Assert.Equal((1L, 0L), (_progress.Read().Found, _progress.Read().Repaired)); // It is awaited still.
        Assert.True(await _region.Fetches.TryDropAsync(blob.Digest, CancellationToken.None));
        await _verifier.QueueMissingAsync(AtOnce, CancellationToken.None);

        Assert.Equal((1L, 1L), (_progress.Read().Found, _progress.Read().Repaired));
    }

    private Task LinkAsync(SampleBlob blob) => _region.Ledger.AppendAsync(new Operation.BlobLinked(blob.Digest, blob.SizeBytes));

    private async Task DamageAsync(SampleBlob blob)
    {
        await File.WriteAllTextAsync(_region.PathOf(blob), "damaged");
        Assert.False(await _blobs.VerifyAsync(blob.Digest, pause: null, CancellationToken.None));
        Assert.True(_verifier.IsAnyNew);
    }

    private async Task StoreAsync(SampleBlob blob)
    {
        await using var upload = await _region.Blobs.BeginUploadAsync(blob.Digest.Hex[..8].ToString());
        await upload.AppendAsync(blob.Content);
        await upload.CommitAsync(blob.Digest);
    }
}
