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
    public async Task ReadAsync_FlushedUpload_GivesBackWhatWasAppended()
    {
        var blob = SampleBlob.Random(6, 30_000);
        await using var upload = await Blobs.BeginUploadAsync("upload");
        await upload.AppendAsync(blob.Content.AsMemory(0, 10_000));
        await upload.AppendAsync(blob.Content.AsMemory(10_000));
        await upload.FlushAsync();

        Assert.Equal(blob.SizeBytes, upload.FlushedBytes);
        Assert.Equal(blob.Content, await ReadBackAsync(upload));
        Assert.Equal(0, await upload.ReadAsync(blob.SizeBytes, new byte[10]));
    }

    /// <summary>
    /// Object stores cannot read what is not committed, so no store gives it: a caller that forgets to flush is found out
    /// with any.
    /// </summary>
    [Fact]
    public async Task ReadAsync_BytesNotFlushed_EndsWhereTheFlushedOnesEnd()
    {
        await using var upload = await Blobs.BeginUploadAsync("upload");
        await upload.AppendAsync("0123"u8.ToArray());
        await upload.FlushAsync();
        await upload.AppendAsync("4567"u8.ToArray());

        Assert.Equal((8, 4), (upload.SizeBytes, upload.FlushedBytes));
        Assert.Equal("0123"u8.ToArray(), await ReadBackAsync(upload));
        Assert.Equal(0, await upload.ReadAsync(6, new byte[10]));
    }

    [Fact]
    public async Task FlushedBytes_ResumedUpload_AreAllItHas()
    {
        await using (var upload = await Blobs.BeginUploadAsync("upload"))
        {
            await upload.AppendAsync("0123"u8.ToArray());
            await upload.FlushAsync();
        }

        await using var resumed = await Blobs.ResumeUploadAsync("upload");

        Assert.Equal((4L, 4L), (resumed!.SizeBytes, resumed.FlushedBytes));
        Assert.Equal("0123"u8.ToArray(), await ReadBackAsync(resumed));
    }

    [Fact]
    public async Task ReadAsync_BesideAppendsAndFlushes_GivesOnlyWhatWasAppended()
    {
        var blob = SampleBlob.Random(8, 2 * 1024 * 1024);
        await using var upload = await Blobs.BeginUploadAsync("upload");
        var appending = Task.Run(async () =>
        {
            for (var offset = 0; offset < blob.Content.Length; offset += 64 * 1024)
            {
                await upload.AppendAsync(blob.Content.AsMemory(offset, 64 * 1024));
                await upload.FlushAsync();
            }
        });

        bool ended;
        var deadline = new LoopDeadline("the last append");
        do
        {
            deadline.Check();
            ended = appending.IsCompleted;
            var flushed = upload.FlushedBytes;
            var content = new byte[flushed];
            for (var filled = 0; filled < flushed;)
            {
                var read = await upload.ReadAsync(filled, content.AsMemory(filled));
                Assert.True(read > 0, $"Of {flushed} flushed bytes, those from {filled} on never came.");
                filled += read;
            }

            Assert.True(content.AsSpan().SequenceEqual(blob.Content.AsSpan(0, content.Length)));
        }
        while (!ended);

        await appending.OrFail("the last append");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(6)]
    [InlineData(10)]
    public async Task TruncateAsync_ToASizeThatWasFlushed_KeepsThatMuchAndGrowsFromThere(int sizeBytes)
    {
        var expected = SampleBlob.Of("0123456789"[..sizeBytes] + "abc");
        await using var upload = await Blobs.BeginUploadAsync("upload");
        await upload.AppendAsync("0123456789"u8.ToArray().AsMemory(0, sizeBytes));
        await upload.FlushAsync();
        await upload.AppendAsync("0123456789"u8.ToArray().AsMemory(sizeBytes));

        await upload.TruncateAsync(sizeBytes);
        Assert.Equal((sizeBytes, sizeBytes), (upload.SizeBytes, upload.FlushedBytes));
        await upload.AppendAsync("abc"u8.ToArray());
        await upload.FlushAsync();
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
            await upload.AppendAsync("0123"u8.ToArray());
            await upload.FlushAsync();
            await upload.AppendAsync("456789"u8.ToArray());
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
        for (var offset = 0; offset < blob.Content.Length; offset += 1024 * 1024) await upload.AppendAsync(
            blob.Content.AsMemory(offset, 1024 * 1024));

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
        await upload.FlushAsync();

        Assert.Equal("firstxxxxx"u8.ToArray(), await ReadBackAsync(upload));
    }

    [Fact]
    public async Task AppendAsync_AlreadyCancelled_SizeIsWhatTheUploadHas()
    {
        await using var upload = await Blobs.BeginUploadAsync("upload");
        await upload.AppendAsync("0123"u8.ToArray());

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await upload.AppendAsync("4567"u8.ToArray(), new CancellationToken(canceled: true)));

        await upload.FlushAsync();
        Assert.InRange(upload.SizeBytes, 4, 8);
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
    public async Task ListUploadsAsync_Uploads_AreListedWithTheTimeOfTheirLastAppend()
    {
        var began = TimeProvider.System.GetUtcNow();
        await PutAsync("blob", SampleBlob.Of("blob"));
        foreach (var key in new[] { "one", "two" }) await (await Blobs.BeginUploadAsync(key)).DisposeAsync();

        var listed = await Blobs.ListUploadsAsync().ToListAsync();

        Assert.Equal(["one", "two"], listed.Select(upload => upload.Key).Order());
        Assert.All(
            listed,
            upload => Assert.InRange(upload.AppendedAt, began - ClockTolerance, TimeProvider.System.GetUtcNow() + ClockTolerance));
    }

    [Fact]
    public async Task ListUploadsAsync_Cancelled_Stops()
    {
        foreach (var key in new[] { "one", "two" }) await (await Blobs.BeginUploadAsync(key)).DisposeAsync();
        using var cancellation = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in Blobs.ListUploadsAsync(cancellation.Token)) await cancellation.CancelAsync();
        });
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
