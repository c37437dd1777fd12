using System.Text;
using GeoRegistry.Ledgers.Blobs;

namespace GeoRegistry.TestKit.Stores;

/// <summary>Who holds an upload: the last to resume it, and the store itself sees to it.</summary>
public abstract partial class BlobStoreContract
{
    private static readonly SampleBlob TakenOver = SampleBlob.Of("0123456789");

    /// <summary>What an earlier holder may try; each reaches the store.</summary>
    private static readonly Dictionary<string, Func<IBlobUpload, Task>> Changes = new()
    {
        ["append"] = async upload =>
        {
            await upload.AppendAsync("xxxx"u8.ToArray());
            await upload.FlushAsync();
        },
        ["truncate"] = async upload => await upload.TruncateAsync(0),
        ["commit"] = upload => upload.CommitAsync(SampleBlob.Of("0123").Digest),
        ["discard"] = async upload => await upload.DiscardAsync(),
    };

    public static TheoryData<string> ChangesOfUploads => [.. Changes.Keys];

    [Theory]
    [MemberData(nameof(ChangesOfUploads))]
    public async Task ResumeUploadAsync_WhileAnotherHoldsIt_TheEarlierHolderChangesNothing(string change)
    {
        await using var earlier = await Blobs.BeginUploadAsync("upload");
        await earlier.AppendAsync("0123"u8.ToArray());
        await earlier.FlushAsync();
        await using var holder = await Blobs.ResumeUploadAsync("upload");

        await Assert.ThrowsAsync<UploadTakenOverException>(() => Changes[change](earlier));
        await Assert.ThrowsAsync<UploadTakenOverException>(() => Changes[change](earlier));

        Assert.Null(await Blobs.FindAsync(SampleBlob.Of("0123").Digest));
        Assert.Equal("0123"u8.ToArray(), await ReadBackAsync(holder!));
        await holder!.AppendAsync("456789"u8.ToArray());
        await holder.CommitAsync(TakenOver.Digest);
        Assert.Equal(TakenOver.Content, await ReadAsync(TakenOver.Digest));
    }

    [Theory]
    [MemberData(nameof(ChangesOfUploads))]
    public async Task ResumeUploadAsync_BytesOfTheEarlierHolderWereNotFlushed_AreNotPartOfIt(string change)
    {
        await using var earlier = await Blobs.BeginUploadAsync("upload");
        await earlier.AppendAsync("0123"u8.ToArray());
        await earlier.FlushAsync();
        await earlier.AppendAsync("abc"u8.ToArray());
        await using var holder = await Blobs.ResumeUploadAsync("upload");
        var resumed = holder!.SizeBytes; // Files have what was written, flushed or not.
        await Assert.ThrowsAsync<UploadTakenOverException>(() => Changes[change](earlier));

        await holder.TruncateAsync(resumed > 4 ? 0 : 4);
        if (resumed > 4) await holder.AppendAsync("0123"u8.ToArray());
        await holder.AppendAsync("456789"u8.ToArray());
        await holder.CommitAsync(TakenOver.Digest);

        Assert.Equal(TakenOver.Content, await ReadAsync(TakenOver.Digest));
    }

    [Fact]
    public async Task ResumeUploadAsync_TheHolderHasClosedIt_IsLeftToTheOneThatResumed()
    {
        await using var earlier = await Blobs.BeginUploadAsync("upload");
        await using (await Blobs.ResumeUploadAsync("upload"))
        {
        }

        await Assert.ThrowsAsync<UploadTakenOverException>(() => Changes["append"](earlier));

        await using var resumed = await Blobs.ResumeUploadAsync("upload");
        Assert.Equal(0, resumed!.SizeBytes);
    }

    [Fact]
    public async Task ResumeUploadAsync_ByManyAtOnce_IsHeldByOne()
    {
        await (await Blobs.BeginUploadAsync("upload")).DisposeAsync();
        var uploads = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(_ => Task.Run(async () => await Blobs.ResumeUploadAsync("upload")))).OrFail("the last resume");

        var held = 0;
        foreach (var upload in uploads)
        {
            try
            {
                await upload!.AppendAsync("0123456789"u8.ToArray());
                await upload.FlushAsync();
                held++;
            }
            catch (UploadTakenOverException)
            {
                // Another resumed it later.
            }
        }

        Assert.Equal(1, held);
        Assert.Equal(uploads.Length, uploads.Select(upload => upload!.Holder).Distinct().Count());
        foreach (var upload in uploads) await upload!.DisposeAsync();
    }

    /// <summary>Whatever the holder does at that moment, it is done before the takeover or not at all.</summary>
    [Fact]
    public async Task ResumeUploadAsync_BesideAppendsOfTheHolder_HasWhatItSaysAndNoMore()
    {
        for (var round = 0; round < 20; round++)
        {
            var key = $"upload-{round}";
            await using var earlier = await Blobs.BeginUploadAsync(key);
            var appending = Task.Run(async () =>
            {
                for (var deadline = new LoopDeadline("the takeover"); ; deadline.Check())
                {
                    await earlier.AppendAsync("earlier "u8.ToArray());
                    await earlier.FlushAsync();
                }
            });
            await using var holder = await Blobs.ResumeUploadAsync(key);
            var resumed = holder!.SizeBytes;
            await holder.AppendAsync("the holder"u8.ToArray());
            await holder.FlushAsync();
            await Assert.ThrowsAsync<UploadTakenOverException>(() => appending.OrFail("the takeover"));

            var expected = string.Concat(Enumerable.Repeat("earlier ", (int)resumed / 8)) + "the holder";
            Assert.Equal(expected, Encoding.ASCII.GetString(await ReadBackAsync(holder)));
        }
    }

    [Fact]
    public async Task PreviousHolder_ResumedUpload_IsWhoHeldItLast()
    {
        var first = await Blobs.BeginUploadAsync("upload");
        await first.DisposeAsync();
        var second = await Blobs.ResumeUploadAsync("upload");
        await second!.DisposeAsync();
        await using var third = await Blobs.ResumeUploadAsync("upload");

        Assert.Null(first.PreviousHolder);
        Assert.Equal((first.Holder, second.Holder), (second.PreviousHolder, third!.PreviousHolder));
        Assert.Equal(3, new[] { first.Holder, second.Holder, third.Holder }.Distinct().Count());
    }
}
