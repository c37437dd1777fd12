using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Storage.Files;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Storage.Tests.Files;

public sealed class FileBlobStoreTests : IAsyncLifetime
{
    private readonly FileBlobStoreFixture _fixture = new();

    [Fact]
    public async Task CommitAsync_Blob_IsOneFileNamedByItsHashInTheShardOfItsFirstTwoCharacters()
    {
        var blob = SampleBlob.Of("content");
        await using var upload = await _fixture.Store.BeginUploadAsync("upload");
        await upload.AppendAsync(blob.Content);

        await upload.CommitAsync(blob.Digest);

        var hex = blob.Digest.Hex.ToString();
        var file = Assert.Single(Directory.GetFiles(_fixture.Root, "*", SearchOption.AllDirectories));
        Assert.Equal(Path.Combine(_fixture.Root, "sha256", hex[..2], hex), file);
        Assert.Equal(blob.Content, await File.ReadAllBytesAsync(file));
    }

    [Fact]
    public async Task ListUploadsAsync_HealthIsChecked_ListsUploadsOnly()
    {
        await (await _fixture.Store.BeginUploadAsync("upload")).DisposeAsync();
        await File.WriteAllBytesAsync(Path.Combine(_fixture.Root, "uploads", ".health"), []);

        Assert.Equal("upload", Assert.Single(await _fixture.Store.ListUploadsAsync().ToListAsync()).Key);
    }

    [Fact]
    public async Task ResumeUploadAsync_ProcessEndedInTheMiddle_HasWhatWasAppended()
    {
        // A process that is killed disposes of nothing: the upload is left as it is and the store opened again beside it.
        var abandoned = await _fixture.Store.BeginUploadAsync("upload");
        await abandoned.AppendAsync("half of "u8.ToArray());
        await abandoned.FlushAsync();

        await _fixture.ReopenAsync();
        await using var resumed = await _fixture.Store.ResumeUploadAsync("upload");
        await resumed!.AppendAsync("the blob"u8.ToArray());
        await resumed.CommitAsync(SampleBlob.Of("half of the blob").Digest);

        Assert.Equal(16, await _fixture.Store.FindAsync(SampleBlob.Of("half of the blob").Digest));
        await abandoned.DisposeAsync();
    }

    [Fact]
    public async Task BeginUploadAsync_KeyIsInUse_IsRefusedAndTheUploadStays()
    {
        await using var upload = await _fixture.Store.BeginUploadAsync("upload");
        await upload.AppendAsync(new byte[10]);

        await Assert.ThrowsAnyAsync<IOException>(async () => await _fixture.Store.BeginUploadAsync("upload"));

        Assert.Equal(10, upload.SizeBytes);
    }

    /// <summary>The blob is visible by then: what its session takes back must not be taken from it.</summary>
    [Fact]
    public async Task CommitAsync_NameIsNotPutOnDisk_FailsAndNothingChangesTheBlob()
    {
        var blob = SampleBlob.Of("content");
        var store = new FileBlobStore(_fixture.Root, _ => throw NoSpace());
        await using var upload = await store.BeginUploadAsync("upload");
        await upload.AppendAsync(blob.Content);

        await Assert.ThrowsAsync<StoreFaultException>(() => upload.CommitAsync(blob.Digest));
        await upload.TruncateAsync(0);
        await upload.DiscardAsync();

        await using var reader = await store.OpenAsync(blob.Digest);
        Assert.Equal(blob.SizeBytes, reader?.SizeBytes);
        Assert.Null(await store.ResumeUploadAsync("upload"));
    }

    [Fact]
    public async Task FindAndTouchAsync_NameWasNotPutOnDisk_PutItThereOrFail()
    {
        var blob = SampleBlob.Of("content");
        var (isFull, syncs) = (true, 0);
        var store = new FileBlobStore(_fixture.Root, _ =>
        {
            if (isFull) throw NoSpace();
            syncs++;
        });
        await using var upload = await store.BeginUploadAsync("upload");
        await upload.AppendAsync(blob.Content);
        await Assert.ThrowsAsync<StoreFaultException>(() => upload.CommitAsync(blob.Digest));

        await Assert.ThrowsAsync<StoreFaultException>(() => store.FindAsync(blob.Digest).AsTask());
        await Assert.ThrowsAsync<StoreFaultException>(() => store.StatManyAsync([blob.Digest]).AsTask());
        await Assert.ThrowsAsync<StoreFaultException>(() => store.TouchAsync(blob.Digest).AsTask());
        isFull = false;

        Assert.True(await store.TouchAsync(blob.Digest));
        Assert.Equal(blob.SizeBytes, await store.FindAsync(blob.Digest));
        Assert.Equal(1, syncs);
    }

    [Fact]
    public async Task Constructor_FolderOfAnEarlierStartIsIncomplete_IsCompleted()
    {
        Directory.Delete(Path.Combine(_fixture.Root, "sha512", "ff"));
        Directory.Delete(Path.Combine(_fixture.Root, "sha512", "80"));

        await _fixture.ReopenAsync();

        Assert.Equal(256, Directory.GetDirectories(Path.Combine(_fixture.Root, "sha512")).Length);
    }

    [Fact]
    public async Task CheckWriteAsync_StoreWorks_LeavesNothingAndHarmsNoUpload()
    {
        await using var upload = await _fixture.Store.BeginUploadAsync("health");
        await upload.AppendAsync("an upload may have any name"u8.ToArray());

        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => _fixture.Store.CheckWriteAsync()))).OrFail("the last check");

        await using var resumed = await _fixture.Store.ResumeUploadAsync("health");
        Assert.Equal(27, resumed?.SizeBytes);
        Assert.Single(Directory.GetFiles(_fixture.Root, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task CheckWriteAsync_FolderIsGone_Throws()
    {
        Directory.Delete(Path.Combine(_fixture.Root, "uploads"));

        await Assert.ThrowsAnyAsync<IOException>(() => _fixture.Store.CheckWriteAsync());
    }

    private static IOException NoSpace() => new("No space left on device", 28);

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _fixture.DisposeAsync().AsTask();
}
