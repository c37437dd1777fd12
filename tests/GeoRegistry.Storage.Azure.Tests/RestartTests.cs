using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Storage.Azure.Tests;

/// <summary>A storage that goes away and comes back, and what is said of it meanwhile.</summary>
public sealed class RestartTests : IAsyncLifetime
{
    private const string Container = "blobs-of-eu";

    private AzuriteProcess _azurite = null!;
    private AzureBlobStore _store = null!;

    public async Task InitializeAsync()
    {
        _azurite = await AzuriteProcess.StartAsync();
        _store = new AzureBlobStore(AzuriteFixture.ClientOf(_azurite.ConnectionString, Container), TimeProvider.System);
    }

    public async Task DisposeAsync() => await _azurite.DisposeAsync();

    [Fact]
    public async Task CommitAsync_StorageIsRestartedInTheMiddle_GoesOnWhereItWasFlushed()
    {
        await MakeContainerAsync();
        var blob = SampleBlob.Random(1, 6 * 1024 * 1024);
        await using var upload = await _store.BeginUploadAsync("upload");
        await upload.AppendAsync(blob.Content.AsMemory(0, 5_000_000));
        await upload.FlushAsync();

        await _azurite.StopAsync();
        await Assert.ThrowsAsync<StoreUnavailableException>(async () =>
        {
            await upload.AppendAsync(blob.Content.AsMemory(5_000_000));
            await upload.FlushAsync();
        });
        var fault = await Assert.ThrowsAsync<StoreUnavailableException>(() => _store.FindAsync(blob.Digest).AsTask());
        Assert.Contains($"account {AzuriteProcess.Account}, container {Container}", fault.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => _store.CheckReadAsync());
        await Assert.ThrowsAsync<StoreUnavailableException>(() => _store.CheckWriteAsync());
        await _azurite.RestartAsync();

        Assert.Equal(5_000_000, upload.SizeBytes);
        await upload.AppendAsync(blob.Content.AsMemory(5_000_000));
        await upload.CommitAsync(blob.Digest);
        Assert.Equal(blob.SizeBytes, await _store.FindAsync(blob.Digest));
        await _store.CheckReadAsync();
        await _store.CheckWriteAsync();
        Assert.Empty(await _store.ListUploadsAsync().ToListAsync());
        Assert.Single(await _store.ListAsync().ToListAsync());
    }

    [Fact]
    public async Task PrepareAsync_ContainerIsMissing_SaysSoOrMakesIt()
    {
        var missing = await Assert.ThrowsAsync<StoreUnavailableException>(() => _store.PrepareAsync(RegionId.Parse("eu")));
        Assert.Contains("does not exist", missing.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => _store.CheckReadAsync());
        await Assert.ThrowsAsync<StoreUnavailableException>(() => _store.CheckWriteAsync());

        var options = new AzureStorageOptions
        {
            ConnectionString = _azurite.ConnectionString,
            Container = Container,
            CreateContainer = true,
        };
        var store = new AzureBlobStore(options, TimeProvider.System);
        await store.PrepareAsync(RegionId.Parse("eu"));
        await store.PrepareAsync(RegionId.Parse("eu"));

        var taken = await Assert.ThrowsAsync<IOException>(() => store.PrepareAsync(RegionId.Parse("us")));
        Assert.Contains("is that of region eu", taken.Message, StringComparison.Ordinal);
        await _store.CheckReadAsync();
    }

    [Fact]
    public async Task CheckWriteAsync_KeyIsWrong_SaysWhatToDo()
    {
        await MakeContainerAsync();
        var wrong = _azurite.ConnectionString.Replace("AccountKey=Eby8", "AccountKey=AAAA", StringComparison.Ordinal);
        var store = new AzureBlobStore(AzuriteFixture.ClientOf(wrong, Container), TimeProvider.System);

        var fault = await Assert.ThrowsAsync<StoreFaultException>(() => store.CheckWriteAsync());

        Assert.Equal(StoreFault.NoPermission, fault.Fault);
        Assert.Contains("Storage Blob Data Contributor", fault.Message, StringComparison.Ordinal);
    }

    private async Task MakeContainerAsync() =>
        await AzuriteFixture.ClientOf(_azurite.ConnectionString, Container).CreateAsync();
}
