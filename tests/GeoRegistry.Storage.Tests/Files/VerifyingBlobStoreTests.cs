using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Storage.Files;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Storage.Tests.Files;

public sealed class VerifyingBlobStoreTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly SampleBlob _blob = SampleBlob.Of("what is right");
    private int _damaged;

    private string Root => _folder.Child("blobs");

    private string BlobPath => Path.Combine(Root, "sha256", _blob.Digest.Hex[..2].ToString(), _blob.Digest.Hex.ToString());

    [Fact]
    public async Task OpenAsync_BlobDamagedBeforeTheStart_IsSetAsideAndMissing()
    {
        var store = await OpenDamagedAsync(new FileBlobStore(Root));

        Assert.Null(await store.OpenAsync(_blob.Digest));

        Assert.Equal(1, _damaged);
        Assert.Null(await store.FindAsync(_blob.Digest));
        Assert.True(File.Exists(Path.Combine(Root, "damaged", $"sha256-{_blob.Digest.Hex}")));
        await StoreAsync(store);
        await using var reader = await store.OpenAsync(_blob.Digest);
        Assert.NotNull(reader);
    }

    [Fact]
    public async Task VerifyAsync_BlobDamagedAfterItWasOpened_IsSetAside()
    {
        var store = new VerifyingBlobStore(new FileBlobStore(Root));
        await StoreAsync(store);
        await (await store.OpenAsync(_blob.Digest))!.DisposeAsync();
        Damage();

        Assert.False(await store.VerifyAsync(_blob.Digest, pause: null, CancellationToken.None));

        Assert.Null(await store.OpenAsync(_blob.Digest));
        Assert.Null(await store.VerifyAsync(_blob.Digest, pause: null, CancellationToken.None));
    }

    /// <summary>Reading <c>/proc/self/mem</c> at its beginning fails as a part of a disk does that cannot be read.</summary>
    [Fact]
    public async Task OpenAsync_BlobThatCannotBeRead_IsSetAsideAndMissing()
    {
        var store = await OpenDamagedAsync(new FileBlobStore(Root));
        File.Delete(BlobPath);
        File.CreateSymbolicLink(BlobPath, "/proc/self/mem");

        Assert.False(await store.VerifyAsync(_blob.Digest, pause: null, CancellationToken.None));

        Assert.Equal(1, _damaged);
        Assert.Null(await store.OpenAsync(_blob.Digest));
    }

    /// <summary>A store that is away, or a process without file descriptors, says nothing of the blob.</summary>
    [Theory]
    [InlineData(StoreCall.Open, 1)]
    [InlineData(StoreCall.ReadBlob, 1)]
    [InlineData(StoreCall.Open, 2)] // After it was hashed.
    public async Task OpenAsync_StoreFailsOnce_StaysAndIsOpenedNextTime(StoreCall call, int number)
    {
        await StoreAsync(new FileBlobStore(Root));
        var files = new FaultyBlobStore(new FileBlobStore(Root)).FailAt(call, first: number, last: number);
        var store = new VerifyingBlobStore(files);
        store.Damaged += _ => _damaged++;

        await Assert.ThrowsAsync<IOException>(async () => await store.OpenAsync(_blob.Digest));

        await using var reader = await store.OpenAsync(_blob.Digest);
        var content = new byte[_blob.SizeBytes];
        Assert.Equal(content.Length, await reader!.ReadAsync(0, content));
        Assert.Equal(_blob.Content, content);
        Assert.Equal((0, 0), (_damaged, files.CountOf(StoreCall.SetAside)));
    }

    /// <summary>A disk that is full or read-only at that moment: what is damaged is no less so.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OpenAsync_DamagedBlobCannotBeSetAside_IsNeverServed(bool afterwards)
    {
        var files = new FaultyBlobStore(new FileBlobStore(Root)).FailAt(StoreCall.SetAside, last: 1, afterwards: afterwards);
        var store = await OpenDamagedAsync(files);

        await Assert.ThrowsAsync<IOException>(async () => await store.OpenAsync(_blob.Digest));

        Assert.Null(await store.OpenAsync(_blob.Digest));
        Assert.Null(await store.FindAsync(_blob.Digest));
        Assert.Equal(afterwards ? 0 : 1, _damaged); // What is gone without a word is missing, and found by a pass.
    }

    [Fact]
    public async Task OpenAsync_WholeBlobOpenedByMany_IsHashedOnceAndRead()
    {
        await StoreAsync(new FileBlobStore(Root));
        var store = new VerifyingBlobStore(new FileBlobStore(Root));

        var readers = await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ => await store.OpenAsync(_blob.Digest)));

        foreach (var reader in readers)
        {
            Assert.Equal(_blob.SizeBytes, reader!.SizeBytes);
            await reader.DisposeAsync();
        }
    }

    /// <summary>A slow pass still reads the damaged file when it has been set aside and the blob is stored anew.</summary>
    [Fact]
    public async Task VerifyAsync_BlobIsStoredAnewMeanwhile_StaysAndIsNoSecondFinding()
    {
        var store = await OpenDamagedAsync(new FileBlobStore(Root));

        var isWhole = await store.VerifyAsync(
            _blob.Digest,
            async (_, _) =>
            {
                Assert.Null(await store.OpenAsync(_blob.Digest));
                await StoreAsync(store);
            },
            CancellationToken.None);

        Assert.True(isWhole);
        Assert.Equal(1, _damaged);
        Assert.Equal(_blob.Content, await File.ReadAllBytesAsync(BlobPath));
    }

    /// <summary>While a damaged file is hashed, whoever has the blob stores it: that file is not the damaged one.</summary>
    [Fact]
    public async Task OpenAsync_BlobIsStoredWhileItsDamagedFileIsHashed_IsThatBlob()
    {
        var files = new FaultyBlobStore(new FileBlobStore(Root));
        var store = await OpenDamagedAsync(files);
        var upload = await store.BeginUploadAsync("again");
        await upload.AppendAsync(_blob.Content);
        await upload.FlushAsync();
        var opened = Task.FromResult<IBlobReader?>(null);
        files.Before(StoreCall.Commit, () =>
        {
            opened = store.OpenAsync(_blob.Digest).AsTask();
            Assert.True(
                SpinWait.SpinUntil(() => files.CountOf(StoreCall.Open) >= 3, Waiting.DefaultTimeout), "It was not found damaged twice.");
        });

        await upload.CommitAsync(_blob.Digest);
        await upload.DisposeAsync();

        await using var reader = await opened.OrFail("the blob");
        Assert.NotNull(reader);
        Assert.Equal(0, _damaged);
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>A store whose blob was damaged before the start; what it finds is counted.</summary>
    private async Task<VerifyingBlobStore> OpenDamagedAsync(IBlobStore files)
    {
        await StoreAsync(new FileBlobStore(Root));
        Damage();
        var store = new VerifyingBlobStore(files);
        store.Damaged += _ => _damaged++;
        return store;
    }

    private async Task StoreAsync(IBlobStore store)
    {
        await using var upload = await store.BeginUploadAsync("upload");
        await upload.AppendAsync(_blob.Content);
        await upload.FlushAsync();
        await upload.CommitAsync(_blob.Digest);
    }

    private void Damage()
    {
        var bytes = File.ReadAllBytes(BlobPath);
        bytes[3] ^= 1;
        File.WriteAllBytes(BlobPath, bytes);
    }
}
