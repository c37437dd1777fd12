using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Errors;
using GeoRegistry.Repositories.Uploads;
using GeoRegistry.TestKit.Stores;
using Xunit.Abstractions;

namespace GeoRegistry.Repositories.Tests.Uploads;

/// <summary>
/// The closing request fails at each call to the stores and is sent again as it was, without saying where its body begins.
/// </summary>
public sealed class UploadFaultTests(ITestOutputHelper output)
{
    private static readonly RepositoryName Name = TestProcess.Name;
    private static readonly byte[] Content = SampleBlob.Random(1, 600_000).Content;

    // Another algorithm than the session hashes by, so that the bytes are read back before they are stored.
    private static readonly Digest Sha512 = Digest.Of(Content, DigestAlgorithm.Sha512);

    [Theory]
    [InlineData(0, InjectedFault.NotRun)]
    [InlineData(0, InjectedFault.AnswerLost)]
    [InlineData(0, InjectedFault.Cancelled)]
    [InlineData(200_000, InjectedFault.NotRun)]
    [InlineData(200_000, InjectedFault.AnswerLost)]
    [InlineData(200_000, InjectedFault.Cancelled)]
    public Task CompleteAsync_FailsAtEachStepAndIsSentAgain_IsTheBlob(int before, InjectedFault fault) => EachStep.FailAsync(
        fault,
        faults => PushAsync(faults, before),
        output,
        "Blob.Append",
        "Blob.Read",
        "Blob.Commit",
        nameof(IRepositoryTables.LinkBlobAsync));

    /// <summary>The disk is full once the blob is visible: what the session then takes back is not the blob.</summary>
    [Fact]
    public async Task CompleteAsync_FullDiskOnceTheBlobIsVisible_IsTheBlobWhenSentAgain()
    {
        await using var region = new TestRegion();
        var blobs = new FaultyBlobStore(region.Blobs).FailAt(
            StoreCall.Commit, () => new StoreFaultException(StoreFault.Full, "full", new IOException()), last: 1, afterwards: true);
        var uploads = region.Start(blobs).Uploads;
        var id = await uploads.BeginAsync(Name, DigestAlgorithm.Sha256);

        await Assert.ThrowsAsync<StoreFaultException>(() => uploads.CompleteAsync(Name, id!.Value, Chunk(0), Digest.Of(Content)));
        Assert.Equal(Content.Length, await region.Blobs.FindAsync(Digest.Of(Content)));

        Assert.IsType<UploadOutcome.Completed>(await uploads.CompleteAsync(Name, id!.Value, Chunk(0), Digest.Of(Content)));
        Assert.Equal(Content.Length, await region.Metadata.FindBlobAsync(Name, Digest.Of(Content)));
    }

    /// <summary>Only the session that had its bytes: another one that names the blob has yet to send them.</summary>
    [Fact]
    public async Task CompleteAsync_StoredAndNotLinkedAndAnotherDigestIsNamed_IsUnknown()
    {
        await using var region = new TestRegion();
        var faults = new StoreFaults();
        var uploads = region.Start(faults).Uploads;
        var id = await uploads.BeginAsync(Name, DigestAlgorithm.Sha256);
        faults.Fail(nameof(IRepositoryTables.LinkBlobAsync), InjectedFault.NotRun);
        await Assert.ThrowsAsync<InjectedFaultException>(() => uploads.CompleteAsync(Name, id!.Value, Chunk(0), Digest.Of(Content)));

        var other = await uploads.CompleteAsync(Name, id!.Value, Chunk(0), SampleBlob.Of("other").Digest);
        Assert.Equal(ErrorCode.BlobUploadUnknown, Assert.IsType<UploadOutcome.Refused>(other).Error.Code);

        Assert.IsType<UploadOutcome.Completed>(await uploads.CompleteAsync(Name, id.Value, Chunk(0), Digest.Of(Content)));
    }

    /// <summary>In an object store each request leaves a part, of which there may be so many.</summary>
    [Theory]
    [InlineData(StoreCall.Append)]
    [InlineData(StoreCall.Flush)]
    public async Task AppendAsync_TheStoreTakesNoMoreParts_IsRefusedInWordsAndTheUploadStays(StoreCall call)
    {
        await using var region = new TestRegion();
        var blobs = new FaultyBlobStore(region.Blobs).FailAt(call, () => new UploadFullException(50_000), first: 2);
        var uploads = region.Start(blobs).Uploads;
        var id = (await uploads.BeginAsync(Name, DigestAlgorithm.Sha256))!.Value;
        await uploads.AppendAsync(Name, id, new UploadChunk(new MemoryStream(Content, 0, 100), null, null));

        var outcome = await uploads.AppendAsync(Name, id, new UploadChunk(new MemoryStream(Content, 100, 100), null, null));

        var refusal = Assert.IsType<UploadOutcome.Refused>(outcome).Error;
        Assert.Equal((ErrorCode.BlobUploadInvalid, 413), (refusal.Code, refusal.Status));
        Assert.Contains("50000 parts, as many as the storage allows: begin another", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(new UploadOutcome.Open(100), await uploads.StatusAsync(Name, id));
    }

    private static async Task PushAsync(StoreFaults faults, int before)
    {
        await using var region = new TestRegion(inMemory: true);
        var (uploads, outcome) = (region.Start(faults).Uploads, (UploadOutcome?)null);
        faults.ArePaused = true;
        var id = (await uploads.BeginAsync(Name, DigestAlgorithm.Sha256))!.Value;
        await uploads.AppendAsync(Name, id, new UploadChunk(new MemoryStream(Content[..before]), null, null));
        faults.ArePaused = false;
        for (var attempt = 1; outcome is null && attempt <= 2; attempt++)
        {
            using var aborting = faults.Cancelling = new CancellationTokenSource();
            try
            {
                outcome = await uploads.CompleteAsync(Name, id, Chunk(before), Sha512, aborting.Token);
            }
            catch (Exception e) when (e is InjectedFaultException or OperationCanceledException)
            {
                // It is sent again.
            }
        }

        Assert.Equal(new UploadOutcome.Completed(Sha512, Content.Length), outcome);
        Assert.Equal(Content.Length, await region.Metadata.FindBlobAsync(Name, Sha512));
        Assert.Equal(Content.Length, await region.Blobs.FindAsync(Sha512));
        Assert.Empty(await region.Blobs.ListUploadsAsync().ToListAsync());
    }

    private static UploadChunk Chunk(int from) => new(new MemoryStream(Content[from..]), null, null);
}
