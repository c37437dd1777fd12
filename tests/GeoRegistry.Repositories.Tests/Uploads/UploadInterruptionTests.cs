using GeoRegistry.Repositories.Uploads;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Repositories.Tests.Uploads;

public sealed class UploadInterruptionTests : UploadTest
{
    [Theory]
    [InlineData(5)]
    [InlineData(600_000)]
    public async Task AppendAsync_ClientGoesAwayInTheMiddle_KeepsWhatArrived(int arrived)
    {
        var blob = SampleBlob.Random(1, arrived + 100_000);
        var id = await BeginAsync();

        await Assert.ThrowsAsync<IOException>(() => Uploads.AppendAsync(
            Name, id, new UploadChunk(TestBody.BreakingAfter(blob.Content[..arrived]), (0, blob.SizeBytes - 1), blob.SizeBytes)));

        Assert.Equal(arrived, await SizeAsync(id));
        Assert.IsType<UploadOutcome.Completed>(await CompleteAsync(
            id, blob.Digest, blob.Content[arrived..], (arrived, blob.SizeBytes - 1)));
        Assert.Equal(blob.Content, await ReadBlobAsync(blob.Digest));
    }

    [Fact]
    public async Task CompleteAsync_ClientGoesAwayInTheLastChunk_CanBeResumedByAnotherProcess()
    {
        var blob = SampleBlob.Random(2, 100_000);
        var id = await BeginAsync();
        await AppendAsync(id, blob.Content[..40_000]);

        await Assert.ThrowsAsync<IOException>(() => Uploads.CompleteAsync(
            Name, id, new UploadChunk(TestBody.BreakingAfter(blob.Content[40_000..70_000]), null, null), blob.Digest));
        Restart();

        Assert.Null(await Region.Blobs.FindAsync(blob.Digest));
        Assert.Equal(70_000, await SizeAsync(id));
        Assert.IsType<UploadOutcome.Completed>(await CompleteAsync(id, blob.Digest, blob.Content[70_000..]));
    }

    [Fact]
    public async Task AppendAsync_RequestIsAborted_KeepsWhatArrived()
    {
        using var request = new CancellationTokenSource();
        var body = TestBody.PausingAfter("arrived"u8.ToArray(), new TaskCompletionSource<byte[]>().Task);
        var id = await BeginAsync();
        var append = Uploads.AppendAsync(Name, id, new UploadChunk(body, null, null), request.Token);
        await body.FirstRead.OrFail("the body's first bytes being read");

        await request.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => append.OrFail("the end of the aborted request"));
        Assert.Equal(7, await SizeAsync(id));
    }

    [Fact]
    public async Task AppendAsync_TwoRequestsAtOnce_TheSecondWaitsAndFindsWhatTheFirstLeft()
    {
        var rest = new TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        var body = TestBody.PausingAfter("0123"u8.ToArray(), rest.Task);
        var id = await BeginAsync();
        var first = Uploads.AppendAsync(Name, id, new UploadChunk(body, (0, 7), null));
        await body.FirstRead.OrFail("the first body's first bytes being read");

        var second = AppendAsync(id, "89"u8.ToArray(), (8, 9));
        Assert.False(second.IsCompleted);
        rest.SetResult("4567"u8.ToArray());

        Assert.Equal(new UploadOutcome.Open(8), await first.OrFail("the end of the first request"));
        Assert.Equal(new UploadOutcome.Open(10), await second.OrFail("the end of the second request"));
        Assert.IsType<UploadOutcome.Completed>(await CompleteAsync(id, SampleBlob.Of("0123456789").Digest));
    }

    [Fact]
    public async Task AppendAsync_WaitsForARequestThatEndsTheSession_FindsNone()
    {
        var rest = new TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        var body = TestBody.PausingAfter("0123"u8.ToArray(), rest.Task);
        var id = await BeginAsync();
        var closing = Uploads.CompleteAsync(Name, id, new UploadChunk(body, null, null), SampleBlob.Of("01234567").Digest);
        await body.FirstRead.OrFail("the first body's first bytes being read");

        var late = AppendAsync(id, "89"u8.ToArray());
        rest.SetResult("4567"u8.ToArray());

        Assert.IsType<UploadOutcome.Completed>(await closing.OrFail("the end of the closing request"));
        AssertUnknown(await late.OrFail("the end of the late request"));
        Assert.Equal("01234567"u8.ToArray(), await ReadBlobAsync(SampleBlob.Of("01234567").Digest));
    }
}
