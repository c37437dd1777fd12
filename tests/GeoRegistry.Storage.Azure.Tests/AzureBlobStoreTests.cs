using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Storage.Azure.Tests;

[Collection(AzuriteCollection.Name)]
public sealed class AzureBlobStoreTests(AzuriteFixture azurite) : IAsyncLifetime
{
    private BlobContainerClient _container = null!;
    private AzureBlobStore _store = null!;

    public async Task InitializeAsync()
    {
        _container = AzuriteFixture.ClientOf(azurite.Azurite.ConnectionString, await azurite.CreateContainerAsync());
        _store = new AzureBlobStore(_container, TimeProvider.System, pageSize: 3);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task CommitAsync_Blob_IsOneObjectNamedByItsHashAndTellsItsDigest()
    {
        var blob = await PutAsync(SampleBlob.Of("content"));

        var hex = blob.Digest.Hex.ToString();
        var item = Assert.Single(await _container.GetBlobsAsync(new GetBlobsOptions { Traits = BlobTraits.Metadata }).ToListAsync());
        Assert.Equal($"blobs/sha256/{hex[..2]}/{hex}", item.Name);
        Assert.Equal(new Dictionary<string, string> { ["digest"] = $"{blob.Digest}" }, item.Metadata);
    }

    [Fact]
    public async Task ListAsync_OtherObjectsAreThere_ListsBlobsOnly()
    {
        var blob = await PutAsync(SampleBlob.Of("content"));
        foreach (var name in new[] { "blobs/sha256/ab/cd", "blobs/readme", $"blobs/sha256/00/{new string('1', 64)}", "health" })
            await _container.GetBlobClient(name).UploadAsync(BinaryData.FromString("x"));

        Assert.Equal(blob.Digest, Assert.Single(await _store.ListAsync().ToListAsync()).Digest);
    }

    [Fact]
    public async Task SetAsideAsync_Blob_IsKeptElsewhereAndCanBeStoredAnew()
    {
        var blob = await PutAsync(SampleBlob.Of("content"));

        await _store.SetAsideAsync(blob.Digest);
        await _store.SetAsideAsync(blob.Digest);

        Assert.Null(await _store.FindAsync(blob.Digest));
        var damaged = await _container.GetBlobClient($"damaged/sha256-{blob.Digest.Hex}").DownloadContentAsync();
        Assert.Equal(blob.Content, damaged.Value.Content.ToArray());
        await PutAsync(blob);
        await _store.SetAsideAsync(blob.Digest);
        Assert.Null(await _store.FindAsync(blob.Digest));
    }

    /// <summary>Times have whole seconds: a blob may be up to one younger than the service says.</summary>
    [Fact]
    public async Task DeleteAsync_BlobIsOfTheSameSecond_Stays()
    {
        var blob = await PutAsync(SampleBlob.Of("content"));
        var storedAt = Assert.Single(await _store.ListAsync().ToListAsync()).TouchedAt;

        Assert.False(await _store.DeleteAsync(blob.Digest, storedAt.AddMilliseconds(999)));
        Assert.True(await _store.DeleteAsync(blob.Digest, storedAt.AddSeconds(1)));
    }

    [Fact]
    public async Task BeginUploadAsync_KeyIsInUse_IsRefusedAndTheUploadStays()
    {
        await using var upload = await _store.BeginUploadAsync("upload");
        await upload.AppendAsync(new byte[10]);

        await Assert.ThrowsAsync<IOException>(async () => await _store.BeginUploadAsync("upload"));

        await upload.FlushAsync();
        Assert.Equal(10, upload.FlushedBytes);
    }

    private async Task<SampleBlob> PutAsync(SampleBlob blob)
    {
        await using var upload = await _store.BeginUploadAsync($"{Guid.NewGuid():n}");
        await upload.AppendAsync(blob.Content);
        await upload.CommitAsync(blob.Digest);
        return blob;
    }
}
