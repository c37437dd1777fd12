using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Errors;
using GeoRegistry.Repositories.Uploads;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Repositories.Tests.Uploads;

/// <summary>
/// Clients and proxies repeat requests whose answer they lost, as HTTP lets them: the outcome is as if there had been
/// one.
/// </summary>
public sealed class UploadRepetitionTests : UploadTest
{
    [Theory]
    [InlineData(5, false)]
    [InlineData(600_000, false)]
    [InlineData(600_000, true)]
    public async Task CompleteAsync_WholeBlobAgainAfterACut_IsTheBlob(int arrived, bool isRestarted)
    {
        var blob = SampleBlob.Random(1, 900_000);
        var id = await BeginAsync();
        await CutAsync(id, blob.Digest, blob.Content[..arrived]);
        if (isRestarted) Restart();

        await AssertStoredAsync(blob, await CompleteAsync(id, blob.Digest, blob.Content));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(7)]
    public async Task CompleteAsync_WholeBlobCutRepeatedly_IsTheBlob(int cuts)
    {
        var blob = SampleBlob.Random(2, 900_000);
        var id = await BeginAsync();
        for (var i = 0; i < cuts; i++) await CutAsync(id, blob.Digest, blob.Content[..(300_000 + i)]);

        await AssertStoredAsync(blob, await CompleteAsync(id, blob.Digest, blob.Content));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task CompleteAsync_LastChunkAgainAfterCuts_IsTheBlob(int cuts)
    {
        var blob = SampleBlob.Random(3, 900_000);
        var id = await BeginAsync();
        await AppendAsync(id, blob.Content[..500_000]);
        for (var i = 0; i < cuts; i++) await CutAsync(id, blob.Digest, blob.Content[500_000..(700_000 + i)]);

        await AssertStoredAsync(blob, await CompleteAsync(id, blob.Digest, blob.Content[500_000..]));
    }

    [Fact]
    public async Task CompleteAsync_ChunkWithoutRangeWasSentAgainAfterACut_IsTheBlob()
    {
        var blob = SampleBlob.Random(4, 900_000);
        var id = await BeginAsync();
        await Assert.ThrowsAsync<IOException>(() => Uploads.AppendAsync(
            Name, id, new UploadChunk(TestBody.BreakingAfter(blob.Content[..300_000]), null, null)));
        await AppendAsync(id, blob.Content);

        await AssertStoredAsync(blob, await CompleteAsync(id, blob.Digest));
    }

    /// <summary>A chunk broke off and its client went on where it did; then the closing request broke off and was sent again.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task CompleteAsync_LastChunkAgainAfterACutWhereAnEarlierOneWasResumed_IsTheBlob(bool hasRanges)
    {
        var blob = SampleBlob.Random(9, 900_000);
        var id = await BeginAsync();
        await Assert.ThrowsAsync<IOException>(() => Uploads.AppendAsync(
            Name, id, new UploadChunk(TestBody.BreakingAfter(blob.Content[..300_000]), hasRanges ? (0, 499_999) : null, null)));
        Assert.Equal(300_000, await SizeAsync(id));
        await AppendAsync(id, blob.Content[300_000..500_000], hasRanges ? (300_000, 499_999) : null);
        await CutAsync(id, blob.Digest, blob.Content[500_000..700_000]);

        await AssertStoredAsync(blob, await CompleteAsync(id, blob.Digest, blob.Content[500_000..]));
    }

    /// <summary>Asking for the size does not tell what the client does then.</summary>
    [Fact]
    public async Task CompleteAsync_WholeBlobAgainAfterACutAndAStatus_IsTheBlob()
    {
        var blob = SampleBlob.Random(10, 900_000);
        var id = await BeginAsync();
        await CutAsync(id, blob.Digest, blob.Content[..300_000]);
        Assert.Equal(300_000, await SizeAsync(id));

        await AssertStoredAsync(blob, await CompleteAsync(id, blob.Digest, blob.Content));
    }

    /// <summary>The process ended when all of the body had arrived, and before it was a blob.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(500_000)]
    [InlineData(800_000)]
    public async Task CompleteAsync_WholeBodyAgainAfterARestart_IsTheBlob(int before)
    {
        var blob = SampleBlob.Random(7, 900_000);
        var id = await BeginAsync();
        if (before > 0) await AppendAsync(id, blob.Content[..before]);
        await CutAsync(id, blob.Digest, blob.Content[before..]);
        Restart();

        await AssertStoredAsync(blob, await CompleteAsync(id, blob.Digest, blob.Content[before..]));
    }

    /// <summary>The session that saw the cut is gone: where it was is found by the bytes that are there twice.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task CompleteAsync_LastChunkAgainAfterACutThatNobodyRemembers_IsTheBlob(bool isRestarted)
    {
        var blob = SampleBlob.Random(11, 900_000);
        var id = await BeginAsync();
        await AppendAsync(id, blob.Content[..500_000]);
        await CutAsync(id, blob.Digest, blob.Content[500_000..700_000]);
        if (isRestarted) Restart();
        else await ForgetSessionsAsync();

        await AssertStoredAsync(blob, await CompleteAsync(id, blob.Digest, blob.Content[500_000..]));
    }

    [Fact]
    public async Task CompleteAsync_WholeBlobCutAgainAfterARestart_IsTheBlob()
    {
        var blob = SampleBlob.Random(12, 900_000);
        var id = await BeginAsync();
        await CutAsync(id, blob.Digest, blob.Content[..300_000]);
        Restart();
        await CutAsync(id, blob.Digest, blob.Content[..400_000]);
        Restart();

        await AssertStoredAsync(blob, await CompleteAsync(id, blob.Digest, blob.Content));
    }

    /// <summary>A range says where its body begins, so nothing of it is there twice.</summary>
    [Fact]
    public async Task CompleteAsync_RepeatedBytesInAChunkWithARangeAfterARestart_IsRefused()
    {
        var blob = SampleBlob.Random(13, 900_000);
        var id = await BeginAsync();
        await AppendAsync(id, blob.Content[..700_000]);
        Restart();

        var outcome = await CompleteAsync(id, blob.Digest, blob.Content[500_000..], (700_000, 1_099_999));

        Assert.Equal(ErrorCode.DigestInvalid, Refused(outcome).Code);
    }

    /// <summary>A chunk whose answer was lost came again, which the next one could do too: the digest tells.</summary>
    [Theory]
    [InlineData(0, 1)]
    [InlineData(0, 2)]
    [InlineData(1, 1)]
    [InlineData(2, 3)]
    public async Task CompleteAsync_AcknowledgedChunkWithoutRangeWasSentAgain_IsTheBlob(int chunk, int repetitions)
    {
        var blob = SampleBlob.Random(8, 900_000);
        var id = await BeginAsync();
        for (var i = 0; i < 3; i++)
        {
            for (var sent = 0; sent <= (i == chunk ? repetitions : 0); sent++)
                await AppendAsync(id, blob.Content[(i * 300_000)..((i + 1) * 300_000)]);
        }

        await AssertStoredAsync(blob, await CompleteAsync(id, blob.Digest));
    }

    /// <summary>The first repetition broke off, so that the second does not follow what it repeats.</summary>
    [Fact]
    public async Task CompleteAsync_AcknowledgedChunkWasSentAgainTwiceAndBrokeOffOnce_IsTheBlob()
    {
        var blob = SampleBlob.Random(14, 900_000);
        var id = await BeginAsync();
        await AppendAsync(id, blob.Content);
        await Assert.ThrowsAsync<IOException>(() => Uploads.AppendAsync(
            Name, id, new UploadChunk(TestBody.BreakingAfter(blob.Content[..300_000]), null, null)));
        await AppendAsync(id, blob.Content);

        await AssertStoredAsync(blob, await CompleteAsync(id, blob.Digest));
    }

    /// <summary>The region restarted between: what the chunk may repeat is found by the bytes.</summary>
    [Theory]
    [InlineData(400_000)]
    [InlineData(900_000)]
    public async Task CompleteAsync_ChunkWithoutRangeWasSentAgainAfterARestart_IsTheBlob(int arrived)
    {
        var blob = SampleBlob.Random(15, 900_000);
        var id = await BeginAsync();
        await AppendAsync(id, blob.Content[..arrived]);
        Restart();
        await AppendAsync(id, blob.Content);

        await AssertStoredAsync(blob, await CompleteAsync(id, blob.Digest));
    }

    /// <summary>Chunks that are as long as one another may well be different ones.</summary>
    [Fact]
    public async Task CompleteAsync_ContentThatRepeatsItself_IsTheBlob()
    {
        var blob = new SampleBlob([.. Enumerable.Repeat(SampleBlob.Random(16, 100_000).Content, 3).SelectMany(chunk => chunk)]);
        var id = await BeginAsync();
        foreach (var from in new[] { 0, 100_000, 200_000 }) await AppendAsync(id, blob.Content[from..(from + 100_000)]);

        await AssertStoredAsync(blob, await CompleteAsync(id, blob.Digest));
    }

    [Fact]
    public async Task CompleteAsync_EqualChunksOfAnotherContent_IsRefusedAndTheClientCanBeginAnew()
    {
        var (blob, other) = (SampleBlob.Random(8, 900_000), SampleBlob.Random(15, 900_000));
        var id = await BeginAsync();
        await AppendAsync(id, other.Content);
        await AppendAsync(id, other.Content);

        var error = Refused(await CompleteAsync(id, blob.Digest));

        Assert.Equal(ErrorCode.DigestInvalid, error.Code);
        Assert.EndsWith("The upload is discarded: begin another.", error.Message, StringComparison.Ordinal);
        AssertUnknown(await CompleteAsync(id, blob.Digest, blob.Content));
        Assert.IsType<UploadOutcome.Completed>(await CompleteAsync(await BeginAsync(), blob.Digest, blob.Content));
        await AssertStoredAsync(blob);
    }

    [Fact]
    public async Task CompleteAsync_OtherContentAfterACut_IsRefusedAndLeavesNothing()
    {
        var (blob, other) = (SampleBlob.Random(5, 900_000), SampleBlob.Random(6, 900_000));
        var id = await BeginAsync();
        await CutAsync(id, blob.Digest, blob.Content[..300_000]);

        Assert.Equal(ErrorCode.DigestInvalid, Refused(await CompleteAsync(id, blob.Digest, other.Content)).Code);

        Assert.Null(await Region.Blobs.FindAsync(blob.Digest));
        Assert.Empty(await Region.Blobs.ListUploadsAsync().ToListAsync());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(8)]
    public async Task CompleteAsync_AgainAfterTheAnswerWasLost_IsAnsweredAsTheFirstTime(int lastChunkBytes)
    {
        var blob = SampleBlob.Of("01234567");
        var last = blob.Content[(8 - lastChunkBytes)..];
        var id = await BeginAsync();
        await AppendAsync(id, blob.Content[..(8 - lastChunkBytes)]);
        var first = await CompleteAsync(id, blob.Digest, last);
        Restart();

        Assert.Equal(first, await CompleteAsync(id, blob.Digest, last));
        Assert.Equal(new UploadOutcome.Completed(blob.Digest, 8), first);
    }

    [Fact]
    public async Task CompleteAsync_UnknownSessionAndABlobThatTheRepositoryLacks_FindsNoSession()
    {
        var blob = SampleBlob.Of("content");
        await Process.PushBlobAsync(blob, RepositoryName.Parse("library/other"));
        var id = await BeginAsync();
        await Uploads.CancelAsync(Name, id);

        AssertUnknown(await CompleteAsync(id, blob.Digest, blob.Content));
    }

    /// <summary>What was appended before the other one went silent stays, and the next request goes on after it.</summary>
    [Fact]
    public async Task StatusAsync_TheOtherRequestsClientIsSilent_TakesOver()
    {
        var body = TestBody.PausingAfter("0123"u8.ToArray(), new TaskCompletionSource<byte[]>().Task);
        var id = await BeginAsync();
        var dead = Uploads.AppendAsync(Name, id, new UploadChunk(body, null, null));
        await body.FirstRead.OrFail("the body's first bytes being read");
        Region.Clock.Advance(TimeSpan.FromSeconds(30));

        Assert.Equal(4, await SizeAsync(id).OrFail("the answer to the request that takes over"));
        Assert.Equal(408, Refused(await dead.OrFail("the end of the silent request")).Status);
    }

    [Fact]
    public async Task AppendAsync_NothingComesForTheIdleTimeout_IsRefusedAndCanBeResumed()
    {
        var body = TestBody.PausingAfter("0123"u8.ToArray(), new TaskCompletionSource<byte[]>().Task);
        var id = await BeginAsync();
        var append = Uploads.AppendAsync(Name, id, new UploadChunk(body, null, null));
        await body.FirstRead.OrFail("the body's first bytes being read");
        await Waiting.UntilAsync("the idle timeout is set", () => Task.FromResult(Region.Clock.ActiveTimers == 1));

        Region.Clock.Advance(Region.Options.UploadIdleTimeout - TimeSpan.FromSeconds(1));
        Assert.False(append.IsCompleted);
        Region.Clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal((408, 4L), (Refused(await append.OrFail("the end of the request")).Status, await SizeAsync(id)));
        Assert.IsType<UploadOutcome.Completed>(await CompleteAsync(id, SampleBlob.Of("01234567").Digest, "4567"u8.ToArray()));
    }

    [Fact]
    public async Task BeginAsync_AsManyAreOpenAsMayBe_IsRefusedUntilOneEnds()
    {
        Region.Options.MaxOpenUploads = 2;
        var (first, second) = (await BeginAsync(), await BeginAsync());
        Assert.Null(await Uploads.BeginAsync(Name, DigestAlgorithm.Sha256));

        await Uploads.CancelAsync(Name, first);
        Assert.NotNull(await Uploads.BeginAsync(Name, DigestAlgorithm.Sha256));
        Assert.Null(await Uploads.BeginAsync(Name, DigestAlgorithm.Sha256));
        Assert.IsType<UploadOutcome.Completed>(await CompleteAsync(second, Digest.Of([])));
        Assert.NotNull(await Uploads.BeginAsync(Name, DigestAlgorithm.Sha256));
    }

    [Fact]
    public async Task BeginAsync_UploadsOfAnEarlierProcess_Count()
    {
        Region.Options.MaxOpenUploads = 2;
        await BeginAsync();
        await BeginAsync();
        Restart();
        await Uploads.SweepAsync();

        Assert.Null(await Uploads.BeginAsync(Name, DigestAlgorithm.Sha256));

        Region.Clock.Advance(Region.Options.UploadExpiry + TimeSpan.FromMinutes(1));
        Assert.Equal(2, await Uploads.SweepAsync());
        Assert.NotNull(await Uploads.BeginAsync(Name, DigestAlgorithm.Sha256));
    }

    private async Task ForgetSessionsAsync()
    {
        Region.Clock.Advance(TimeSpan.FromMinutes(3));
        await Uploads.SweepAsync();
    }

    private async Task CutAsync(UploadId id, Digest digest, byte[] arrived) => await Assert.ThrowsAsync<IOException>(
        () => Uploads.CompleteAsync(Name, id, new UploadChunk(TestBody.BreakingAfter(arrived), null, null), digest));

    private async Task AssertStoredAsync(SampleBlob blob, UploadOutcome outcome)
    {
        Assert.Equal(new UploadOutcome.Completed(blob.Digest, blob.SizeBytes), outcome);
        await AssertStoredAsync(blob);
    }

    private async Task AssertStoredAsync(SampleBlob blob)
    {
        Assert.Equal(blob.Content, await ReadBlobAsync(blob.Digest));
        Assert.Equal(blob.SizeBytes, await Process.Blobs.FindAsync(Name, blob.Digest));
        Assert.Empty(await Region.Blobs.ListUploadsAsync().ToListAsync());
    }
}
