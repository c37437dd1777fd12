using GeoRegistry.Ledgers.Blobs;

namespace GeoRegistry.TestKit.Stores;

public abstract partial class BlobStoreContract
{
    [Fact]
    public async Task ResumeUploadAsync_UnknownKey_IsNull() => Assert.Null(await Blobs.ResumeUploadAsync("none"));

    [Fact]
    public async Task ResumeUploadAsync_FlushedAndReopened_GoesOnWhereItWas()
    {
        var blob = SampleBlob.Random(5, 50_000);
        await using (var upload = await Blobs.BeginUploadAsync("upload"))
        {
            await upload.AppendAsync(blob.Content.AsMemory(0, 20_000));
            await upload.FlushAsync();
        }

        await Fixture.ReopenAsync();
        await using var resumed = await Blobs.ResumeUploadAsync("upload");
        Assert.Equal(20_000, resumed?.SizeBytes);
        await resumed!.AppendAsync(blob.Content.AsMemory(20_000));
        await resumed.CommitAsync(blob.Digest);

        Assert.Equal(blob.Content, await ReadAsync(blob.Digest));
    }

    [Fact]
    public async Task ResumeUploadAsync_NothingAppendedYet_IsEmpty()
    {
        await (await Blobs.BeginUploadAsync("upload")).DisposeAsync();

        await using var resumed = await Blobs.ResumeUploadAsync("upload");

        Assert.Equal(0, resumed?.SizeBytes);
    }

    [Fact]
    public async Task ReadAsync_Upload_GivesBackWhatWasAppended()
    {
        var blob = SampleBlob.Random(6, 30_000);
        await using var upload = await Blobs.BeginUploadAsync("upload");
        await upload.AppendAsync(blob.Content.AsMemory(0, 10_000));
        await upload.AppendAsync(blob.Content.AsMemory(10_000));

        Assert.Equal(blob.Content, await ReadBackAsync(upload));
        Assert.Equal(0, await upload.ReadAsync(blob.SizeBytes, new byte[10]));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(6)]
    [InlineData(10)]
    public async Task TruncateAsync_ToASize_KeepsThatMuchAndGrowsFromThere(int sizeBytes)
    {
        var expected = SampleBlob.Of("0123456789"[..sizeBytes] + "abc");
        await using var upload = await Blobs.BeginUploadAsync("upload");
        await upload.AppendAsync("0123456789"u8.ToArray());

        await upload.TruncateAsync(sizeBytes);
        Assert.Equal(sizeBytes, upload.SizeBytes);
        await upload.AppendAsync("abc"u8.ToArray());
        Assert.Equal(expected.Content, await ReadBackAsync(upload));
        await upload.CommitAsync(expected.Digest);

        Assert.Equal(expected.Content, await ReadAsync(expected.Digest));
    }

    [Fact]
    public async Task TruncateAsync_BeyondTheEnd_IsRefused()
    {
        await using var upload = await Blobs.BeginUploadAsync("upload");
        await upload.AppendAsync("0123"u8.ToArray());

        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await upload.TruncateAsync(5));

        Assert.Equal(4, upload.SizeBytes);
    }

    [Fact]
    public async Task TruncateAsync_ThenResumed_HasTheSmallerSize()
    {
        await using (var upload = await Blobs.BeginUploadAsync("upload"))
        {
            await upload.AppendAsync("0123456789"u8.ToArray());
            await upload.FlushAsync();
            await upload.TruncateAsync(4);
            await upload.FlushAsync();
        }

        await using var resumed = await Blobs.ResumeUploadAsync("upload");
        Assert.Equal("0123"u8.ToArray(), await ReadBackAsync(resumed!));
    }

    [Fact]
    public async Task AppendAsync_LargeUpload_IsKeptByteForByte()
    {
        var blob = SampleBlob.Random(7, 20 * 1024 * 1024);
        await using var upload = await Blobs.BeginUploadAsync("upload");
        for (var offset = 0; offset < blob.Content.Length; offset += 1024 * 1024) await upload.AppendAsync(blob.Content.AsMemory(offset, 1024 * 1024));

        await upload.CommitAsync(blob.Digest);

        Assert.Equal(blob, new SampleBlob(await ReadAsync(blob.Digest)), (expected, actual) => expected.Digest == actual.Digest);
    }

    [Fact]
    public async Task AppendAsync_BufferReusedAfterwards_IsNotKept()
    {
        var buffer = "first"u8.ToArray();
        await using var upload = await Blobs.BeginUploadAsync("upload");
        await upload.AppendAsync(buffer);
        Array.Fill(buffer, (byte)'x');
        await upload.AppendAsync(buffer);

        Assert.Equal("firstxxxxx"u8.ToArray(), await ReadBackAsync(upload));
    }

    [Fact]
    public async Task AppendAsync_AlreadyCancelled_SizeIsWhatTheUploadHas()
    {
        await using var upload = await Blobs.BeginUploadAsync("upload");
        await upload.AppendAsync("0123"u8.ToArray());

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await upload.AppendAsync("4567"u8.ToArray(), new CancellationToken(canceled: true)));

        var content = await ReadBackAsync(upload);
        Assert.Equal("01234567"u8.ToArray().Take(content.Length), content);
    }

    [Fact]
    public async Task DiscardAsync_Upload_LeavesNothing()
    {
        var upload = await Blobs.BeginUploadAsync("upload");
        await upload.AppendAsync("content"u8.ToArray());
        await upload.FlushAsync();

        await upload.DiscardAsync();
        await upload.DisposeAsync();

        Assert.Null(await Blobs.ResumeUploadAsync("upload"));
        Assert.Null(await Blobs.FindAsync(SampleBlob.Of("content").Digest));
    }

    [Fact]
    public async Task ListUploadsAsync_TouchedSince_AreNotListed()
    {
        await (await Blobs.BeginUploadAsync("one")).DisposeAsync();

        Assert.Empty(await Blobs.ListUploadsAsync(TimeProvider.System.GetUtcNow().AddHours(-1)).ToListAsync());
    }

    [Fact]
    public async Task ListUploadsAsync_NotTouchedSince_AreListedAndBlobsAreNot()
    {
        await PutAsync("blob", SampleBlob.Of("blob"));
        foreach (var key in new[] { "one", "two" }) await (await Blobs.BeginUploadAsync(key)).DisposeAsync();

        var listed = await Blobs.ListUploadsAsync(TimeProvider.System.GetUtcNow().AddHours(1)).ToListAsync();

        Assert.Equal(["one", "two"], listed.Order());
    }

    [Theory]
    [InlineData("")]
    [InlineData("Upper")]
    [InlineData("a/b")]
    [InlineData("..")]
    [InlineData("a.b")]
    [InlineData("a_b")]
    [InlineData("a b")]
    [InlineData("ä")]
    [InlineData("a\0b")]
    public async Task BeginUploadAsync_InvalidKey_IsRefused(string key)
    {
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Blobs.BeginUploadAsync(key));
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Blobs.ResumeUploadAsync(key));
    }

    [Fact]
    public async Task BeginUploadAsync_LongestKey_IsTakenAndALongerOneRefused()
    {
        await using var upload = await Blobs.BeginUploadAsync(new string('a', 128));

        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Blobs.BeginUploadAsync(new string('a', 129)));
    }

    private static async Task<byte[]> ReadBackAsync(IBlobUpload upload)
    {
        var content = new byte[upload.SizeBytes];
        var filled = 0;
        for (int read; (read = await upload.ReadAsync(filled, content.AsMemory(filled))) > 0;) filled += read;
        return content[..filled];
    }
}
