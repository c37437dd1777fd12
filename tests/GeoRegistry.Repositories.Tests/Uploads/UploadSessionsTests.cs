using GeoRegistry.Ledgers;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Errors;
using GeoRegistry.Repositories.Uploads;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Repositories.Tests.Uploads;

public sealed class UploadSessionsTests : UploadTest
{
    [Fact]
    public async Task CompleteAsync_ChunksThenTheLast_IsABlobOfTheRepository()
    {
        var blob = SampleBlob.Random(1, 700_000);
        var id = await BeginAsync();
        Assert.Equal(new UploadOutcome.Open(300_000), await AppendAsync(id, blob.Content[..300_000]));
        Assert.Equal(new UploadOutcome.Open(600_000), await AppendAsync(id, blob.Content[300_000..600_000]));

        Assert.Equal(new UploadOutcome.Completed(blob.Digest, 700_000), await CompleteAsync(id, blob.Digest, blob.Content[600_000..]));

        Assert.Equal(blob.Content, await ReadBlobAsync(blob.Digest));
        Assert.Equal(blob.SizeBytes, await Process.Blobs.FindAsync(Name, blob.Digest));
        AssertUnknown(await Uploads.StatusAsync(Name, id));
        Assert.Equal(0, Uploads.Count);
    }

    [Fact]
    public async Task CompleteAsync_EmptyBlob_IsABlob()
    {
        var id = await BeginAsync();

        Assert.Equal(new UploadOutcome.Completed(Digest.Of([]), 0), await CompleteAsync(id, Digest.Of([])));
    }

    [Fact]
    public async Task CompleteAsync_ProcessRestartedInBetween_GoesOnWhereItWas()
    {
        var blob = SampleBlob.Random(2, 500_000);
        var id = await BeginAsync();
        await AppendAsync(id, blob.Content[..200_000]);

        Restart();

        Assert.Equal(200_000, await SizeAsync(id));
        await AppendAsync(id, blob.Content[200_000..400_000], (200_000, 399_999));
        Restart();
        Assert.IsType<UploadOutcome.Completed>(await CompleteAsync(id, blob.Digest, blob.Content[400_000..]));
        Assert.Equal(blob.Content, await ReadBlobAsync(blob.Digest));
    }

    [Fact]
    public async Task StatusAsync_NothingSentAndRestarted_IsOpen()
    {
        var id = await BeginAsync();
        Restart();

        Assert.Equal(0, await SizeAsync(id));
    }

    [Theory]
    [InlineData(DigestAlgorithm.Sha256, DigestAlgorithm.Sha512)]
    [InlineData(DigestAlgorithm.Sha512, DigestAlgorithm.Sha256)]
    [InlineData(DigestAlgorithm.Sha512, DigestAlgorithm.Sha512)]
    public async Task CompleteAsync_OtherAlgorithmThanBegunWith_IsVerifiedByThatOne(DigestAlgorithm begun, DigestAlgorithm closed)
    {
        var content = SampleBlob.Random(3, 600_000).Content;
        var digest = Digest.Of(content, closed);
        var (good, bad) = (await BeginAsync(begun), await BeginAsync(begun));
        await AppendAsync(good, content);
        await AppendAsync(bad, [.. content, 0]);

        Assert.Equal(new UploadOutcome.Completed(digest, 600_000), await CompleteAsync(good, digest));
        Assert.Equal(ErrorCode.DigestInvalid, Refused(await CompleteAsync(bad, digest)).Code);

        Assert.Equal(content, await ReadBlobAsync(digest));
    }

    [Fact]
    public async Task CompleteAsync_DigestDiffers_EndsTheSessionAndLeavesNoBlob()
    {
        var (blob, other) = (SampleBlob.Of("blob"), SampleBlob.Of("other"));
        var id = await BeginAsync();

        var error = Refused(await CompleteAsync(id, other.Digest, blob.Content));

        Assert.Equal((ErrorCode.DigestInvalid, 400, $"{blob.Digest}"), (error.Code, error.Status, error.Detail["digest"]));
        AssertUnknown(await Uploads.StatusAsync(Name, id));
        Restart();
        AssertUnknown(await Uploads.StatusAsync(Name, id));
        Assert.Null(await Region.Blobs.FindAsync(blob.Digest));
        Assert.Null(await Region.Blobs.FindAsync(other.Digest));
        Assert.Null(await Process.Blobs.FindAsync(Name, other.Digest));
    }

    [Fact]
    public async Task StatusAsync_AnotherRepository_FindsNoSessionAndHarmsNone()
    {
        var other = RepositoryName.Parse("library/other");
        var id = await BeginAsync();
        await AppendAsync(id, "content"u8.ToArray());

        AssertUnknown(await Uploads.StatusAsync(other, id));
        AssertUnknown(await Uploads.AppendAsync(other, id, new UploadChunk(new MemoryStream([1]), null, null)));
        AssertUnknown(await Uploads.CompleteAsync(other, id, new UploadChunk(Stream.Null, null, null), SampleBlob.Of("content").Digest));
        AssertUnknown(await Uploads.CancelAsync(other, id));

        Assert.Equal(7, await SizeAsync(id));
        Assert.Equal(1, Uploads.Count);
    }

    [Fact]
    public async Task StatusAsync_UnknownSessionOrRegion_FindsNone()
    {
        var id = await BeginAsync();

        AssertUnknown(await Uploads.StatusAsync(Name, id with { Session = Guid.Empty }));
        AssertUnknown(await Uploads.StatusAsync(Name, id with { Region = RegionId.Parse("us") }));
        Assert.Equal(1, Uploads.Count);
    }

    [Fact]
    public async Task CancelAsync_OpenSession_LeavesNothing()
    {
        var id = await BeginAsync();
        await AppendAsync(id, "content"u8.ToArray());

        Assert.IsType<UploadOutcome.Cancelled>(await Uploads.CancelAsync(Name, id));

        AssertUnknown(await Uploads.StatusAsync(Name, id));
        Restart();
        AssertUnknown(await Uploads.StatusAsync(Name, id));
    }

    [Fact]
    public async Task BeginAsync_ManySessions_HaveIdsOfTheirOwnAndDoNotMix()
    {
        var blobs = Enumerable.Range(0, 10).Select(i => SampleBlob.Random(i, 10_000)).ToArray();

        await Task.WhenAll(blobs.Select(blob => Task.Run(() => Process.PushBlobAsync(blob))));

        foreach (var blob in blobs) Assert.Equal(blob.Content, await ReadBlobAsync(blob.Digest));
        Assert.Equal(0, Uploads.Count);
    }

    [Fact]
    public void TryParse_IdAsText_IsTheId()
    {
        var id = new UploadId(RegionId.Parse("us-east-1"), Guid.Parse("0123456789abcdef0123456789abcdef"));

        Assert.True(UploadId.TryParse(id.ToString(), out var parsed));
        Assert.Equal(id, parsed);
        Assert.Equal("us-east-1-01234567-89ab-cdef-0123-456789abcdef", id.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("eu")]
    [InlineData("-01234567-89ab-cdef-0123-456789abcdef")]
    [InlineData("01234567-89ab-cdef-0123-456789abcdef")]
    [InlineData("EU-01234567-89ab-cdef-0123-456789abcdef")]
    [InlineData("eu/01234567-89ab-cdef-0123-456789abcdef")]
    [InlineData("eu-0123456789abcdef0123456789abcdef")]
    [InlineData("eu-01234567-89ab-cdef-0123-456789abcdeg")]
    [InlineData("eu-+1234567-89ab-cdef-0123-456789abcdef")]
    [InlineData("eu-01234567-0xab-cdef-0123-456789abcdef")]
    public void TryParse_NoId_IsRefused(string text) => Assert.False(UploadId.TryParse(text, out _));
}
