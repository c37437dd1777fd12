using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Errors;
using GeoRegistry.Repositories.Uploads;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Repositories.Tests.Uploads;

/// <summary>Two servers of one region: requests to one upload reach one and the other.</summary>
public sealed class UploadTakeoverTests : UploadTest
{
    private static readonly byte[] Content = SampleBlob.Random(1, 700_000).Content;

    [Fact]
    public async Task AppendAsync_AnotherServerTakesTheUploadOver_IsRefusedAndTheUploadGoesOnThere()
    {
        var id = await BeginAsync();
        var other = Region.Start().Uploads;
        var rest = new TaskCompletionSource<byte[]>();
        var body = TestBody.PausingAfter(Content[..600_000], rest.Task);
        var request = Uploads.AppendAsync(Name, id, new UploadChunk(body, null, null));
        await body.FirstRead.OrFail("the first bytes");

        var arrived = Assert.IsType<UploadOutcome.Open>(await other.StatusAsync(Name, id)).SizeBytes;
        rest.SetResult(Content[600_000..]);
        var error = Refused(await request.OrFail("the earlier request"));
        var chunk = new UploadChunk(new MemoryStream(Content[(int)arrived..]), (arrived, Content.Length - 1), null);
        var completed = await other.CompleteAsync(Name, id, chunk, Digest.Of(Content));

        Assert.Equal((ErrorCode.TooManyRequests, 429), (error.Code, error.Status));
        Assert.IsType<UploadOutcome.Completed>(completed);
        Assert.Equal(Content, await ReadBlobAsync(Digest.Of(Content)));
        Assert.Equal(0, Uploads.Count);
    }

    /// <summary>The hash that this server has is of bytes that are there no more, though as many are.</summary>
    [Fact]
    public async Task CompleteAsync_AnotherServerHasReplacedTheBytesByAsMany_StoresNothingUnderTheirDigest()
    {
        var id = await BeginAsync();
        await AppendAsync(id, Content);
        var others = new byte[Content.Length];
        await using (var upload = await Region.Blobs.ResumeUploadAsync(id.KeyFor(Name)))
        {
            await upload!.TruncateAsync(0);
            await upload.AppendAsync(others);
            await upload.FlushAsync();
        }

        Assert.Equal(ErrorCode.DigestInvalid, Refused(await CompleteAsync(id, Digest.Of(Content))).Code);

        Assert.Null(await Region.Blobs.FindAsync(Digest.Of(Content)));
    }

    /// <summary>What was appended and not flushed is lost where the store fails, and others take its place.</summary>
    [Fact]
    public async Task Hash_OfBytesThatTheStoreHasLost_IsComputedAnew()
    {
        await using var upload = await Region.Blobs.BeginUploadAsync("upload");
        using var hash = new UploadHash(DigestAlgorithm.Sha256);
        await upload.AppendAsync("01ab"u8.ToArray());
        hash.Add("0123"u8, 0);
        hash.Add("ab"u8, 2);

        var digest = await hash.ComputeAsync(upload, DigestAlgorithm.Sha256, CancellationToken.None);

        Assert.Equal(Digest.Of("01ab"u8.ToArray()), digest);
    }
}
