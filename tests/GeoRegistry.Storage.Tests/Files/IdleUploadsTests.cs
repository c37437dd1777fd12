using GeoRegistry.Storage.Files;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Storage.Tests.Files;

public sealed class IdleUploadsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task Begin_MoreThanAreKeptOpen_ClosesThoseUsedLongestAgoWhichGoOn()
    {
        var store = new FileBlobStore(_folder.Child("blobs"));
        for (var i = 0; i < 3 * IdleUploads.MaxOpenFiles; i++)
        {
            await using var upload = await store.BeginUploadAsync($"upload-{i}");
            await upload.AppendAsync(new byte[] { (byte)i });
            await upload.FlushAsync();
        }

        Assert.Equal(IdleUploads.MaxOpenFiles, OpenFiles());
        foreach (var i in new[] { 0, (3 * IdleUploads.MaxOpenFiles) - 1 })
        {
            await using var upload = await store.ResumeUploadAsync($"upload-{i}");
            Assert.Equal((1, 1), (upload!.SizeBytes, upload.FlushedBytes));
        }

        Assert.Equal(IdleUploads.MaxOpenFiles, OpenFiles());
    }

    /// <summary>A file that is kept open may have become a blob by another's hand: nothing may be written to it.</summary>
    [Fact]
    public async Task Resume_FileBecameABlobMeanwhile_FindsNone()
    {
        var store = new FileBlobStore(_folder.Child("blobs"));
        var blob = SampleBlob.Of("content");
        await using (var upload = await store.BeginUploadAsync("upload-1"))
        {
            await upload.AppendAsync(blob.Content);
            await upload.FlushAsync();
        }

        var first = (await store.ResumeUploadAsync("upload-1"))!;
        var second = (await store.ResumeUploadAsync("upload-1"))!;
        await first.CommitAsync(blob.Digest);
        await first.DisposeAsync();
        await second.DisposeAsync();

        Assert.Null(await store.ResumeUploadAsync("upload-1"));
        await using var again = await store.BeginUploadAsync("upload-1");
        Assert.Equal(0, again.SizeBytes);
        Assert.Equal(1, OpenFiles());
    }

    [Fact]
    public async Task Dispose_Twice_KeepsWhatAnotherRequestUses()
    {
        var store = new FileBlobStore(_folder.Child("blobs"));
        var upload = await store.BeginUploadAsync("upload-1");
        await upload.DisposeAsync();
        await using var next = (await store.ResumeUploadAsync("upload-1"))!;

        await upload.DisposeAsync();

        await next.AppendAsync(new byte[] { 1 });
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await upload.AppendAsync(new byte[] { 1 }));
    }

    [Fact]
    public async Task Discard_FileIsKeptOpen_LeavesNothing()
    {
        var store = new FileBlobStore(_folder.Child("blobs"));
        await (await store.BeginUploadAsync("upload-1")).DisposeAsync();

        await using (var upload = (await store.ResumeUploadAsync("upload-1"))!) await upload.DiscardAsync();

        Assert.Null(await store.ResumeUploadAsync("upload-1"));
        Assert.Equal(0, OpenFiles());
    }

    public void Dispose() => _folder.Dispose();

    // The links of descriptors to files in the folder, those of deleted ones too.
    private int OpenFiles() => Directory.EnumerateFiles("/proc/self/fd")
        .Count(link => new FileInfo(link).LinkTarget?.Contains(_folder.Child("blobs"), StringComparison.Ordinal) == true);
}
