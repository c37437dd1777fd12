using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Errors;
using GeoRegistry.Repositories.Uploads;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Repositories.Tests.Uploads;

/// <summary>Source: OCI Distribution Spec v1.1 §Pushing a blob in chunks.</summary>
public sealed class UploadRangeTests : UploadTest
{
    [Fact]
    public async Task AppendAsync_RangesInOrder_AreTaken()
    {
        var id = await BeginAsync();

        Assert.Equal(new UploadOutcome.Open(4), await AppendAsync(id, "0123"u8.ToArray(), (0, 3), 4));
        Assert.Equal(new UploadOutcome.Open(10), await AppendAsync(id, "456789"u8.ToArray(), (4, 9), 6));

        Assert.IsType<UploadOutcome.Completed>(await CompleteAsync(id, SampleBlob.Of("0123456789ab").Digest, "ab"u8.ToArray(), (10, 11)));
    }

    [Theory]
    [InlineData(0, 3)]
    [InlineData(3, 6)]
    [InlineData(5, 8)]
    [InlineData(1000, 1003)]
    public async Task AppendAsync_RangeBeginsElsewhere_IsRefusedWith416AndSaysWhere(long first, long last)
    {
        var id = await BeginAsync();
        await AppendAsync(id, "0123"u8.ToArray());

        var refused = Assert.IsType<UploadOutcome.Refused>(await AppendAsync(id, "xxxx"u8.ToArray(), (first, last), 4));

        var error = refused.Error;
        Assert.Equal(4, refused.SizeBytes);
        Assert.Equal((ErrorCode.BlobUploadInvalid, 416, "4"), (error.Code, error.Status, error.Detail["offset"]));
        Assert.Equal(4, await SizeAsync(id));
    }

    [Theory]
    [InlineData(4, 6, 4L)]
    [InlineData(4, 8, 4L)]
    [InlineData(4, 3, null)]
    [InlineData(4, 2, null)]
    [InlineData(4, long.MaxValue, 4L)]
    [InlineData(4, 6, null)]
    [InlineData(4, 8, null)]
    [InlineData(4, long.MaxValue, null)]
    public async Task AppendAsync_RangeIsNotTheBodysLength_IsRefusedAndTakenBack(long first, long last, long? lengthBytes)
    {
        var id = await BeginAsync();
        await AppendAsync(id, "0123"u8.ToArray());

        Assert.Equal(ErrorCode.SizeInvalid, Refused(await AppendAsync(id, "xxxx"u8.ToArray(), (first, last), lengthBytes)).Code);

        Assert.Equal(4, await SizeAsync(id));
        Assert.IsType<UploadOutcome.Completed>(await CompleteAsync(id, SampleBlob.Of("01234567").Digest, "4567"u8.ToArray()));
    }

    [Fact]
    public async Task AppendAsync_BodyMuchLongerThanItsRange_IsNotReadToItsEnd()
    {
        var id = await BeginAsync();
        using var body = new MemoryStream(new byte[4 * 1024 * 1024]);

        Assert.Equal(ErrorCode.SizeInvalid, Refused(await Uploads.AppendAsync(Name, id, new UploadChunk(body, (0, 9), null))).Code);

        Assert.InRange(body.Position, 10, 1024 * 1024);
        Assert.Equal(0, await SizeAsync(id));
    }

    /// <summary>
    /// A chunk that was taken back leaves nothing in the running hash. Otherwise a client sends the bytes of a digest it wants in a
    /// chunk that is refused, then other bytes of that number, and closes: the other bytes are stored under that digest.
    /// </summary>
    [Fact]
    public async Task CompleteAsync_OtherBytesOfTheSameNumberAfterAChunkTakenBack_AreHashedAndNotTheOnesTakenBack()
    {
        var (promised, sent) = (SampleBlob.Of("the promised bytes"), SampleBlob.Of("some other content"));
        Assert.Equal(promised.SizeBytes, sent.SizeBytes);
        var id = await BeginAsync();
        Refused(await AppendAsync(id, promised.Content, (0, 3)));
        await AppendAsync(id, sent.Content);

        var outcome = await CompleteAsync(id, promised.Digest);

        if (await Region.Blobs.FindAsync(promised.Digest) is not null)
            Assert.Equal(promised.Digest, Digest.Of(await ReadBlobAsync(promised.Digest)));
        Assert.Equal(ErrorCode.DigestInvalid, Refused(outcome).Code);
    }

    [Fact]
    public async Task CompleteAsync_RightBytesAfterAChunkTakenBack_IsTaken()
    {
        var (wrong, right) = (SampleBlob.Of("the wrong  content"), SampleBlob.Of("the right  content"));
        var id = await BeginAsync();
        Refused(await AppendAsync(id, wrong.Content, (0, 3)));
        await AppendAsync(id, right.Content);

        Assert.Equal(new UploadOutcome.Completed(right.Digest, right.SizeBytes), await CompleteAsync(id, right.Digest));
        Assert.Equal(right.Content, await ReadBlobAsync(right.Digest));
    }

    [Fact]
    public async Task CompleteAsync_LastChunkIsRefused_TheSessionIsKept()
    {
        var id = await BeginAsync();
        await AppendAsync(id, "0123"u8.ToArray());

        Assert.Equal(416, Refused(await CompleteAsync(id, SampleBlob.Of("01234567").Digest, "4567"u8.ToArray(), (0, 3))).Status);

        Assert.IsType<UploadOutcome.Completed>(await CompleteAsync(id, SampleBlob.Of("01234567").Digest, "4567"u8.ToArray(), (4, 7)));
    }

    [Fact]
    public async Task AppendAsync_AnnouncedLengthBeyondTheLargestBlob_IsRefusedUnread()
    {
        var id = await BeginAsync();
        using var body = new MemoryStream(new byte[10]);

        var error = Refused(await Uploads.AppendAsync(
            Name, id, new UploadChunk(body, null, (Region.Options.BlobMaxGiB * 1024L * 1024 * 1024) + 1)));

        Assert.Equal((ErrorCode.SizeInvalid, 413, 0L), (error.Code, error.Status, body.Position));
        Assert.Equal(0, await SizeAsync(id));
    }
}
