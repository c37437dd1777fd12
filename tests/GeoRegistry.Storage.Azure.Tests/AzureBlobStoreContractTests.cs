using System.Collections.Concurrent;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Protocol;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Storage.Azure.Tests;

[Collection(AzuriteCollection.Name)]
public sealed class AzureBlobStoreContractTests(AzuriteFixture azurite) : BlobStoreContract
{
    protected override async Task<BlobStoreFixture> OpenAsync() =>
        new AzureBlobStoreFixture(azurite.Azurite.ConnectionString, await azurite.CreateContainerAsync());
}

/// <summary>A store in a container of its own, whose objects can be made older.</summary>
internal sealed class AzureBlobStoreFixture : BlobStoreFixture
{
    private readonly string _connectionString;
    private readonly string _container;
    private readonly ConcurrentDictionary<string, TimeSpan> _ages = new();

    public AzureBlobStoreFixture(string connectionString, string container)
    {
        (_connectionString, _container) = (connectionString, container);
        Store = Open();
    }

    public AzureBlobStore Store { get; private set; }

    public override IBlobStore Blobs => Store;

    public override bool KeepsOpenBlobs => false;

    public override Task ReopenAsync()
    {
        Store = Open();
        return Task.CompletedTask;
    }

    public override Task AgeAsync(Digest digest, TimeSpan by) => AgeObjectAsync(BlobKeys.Blob(digest), by);

    public override Task AgeUploadAsync(string key, TimeSpan by) => AgeObjectAsync(BlobKeys.Upload(key), by);

    public override ValueTask DisposeAsync() => default;

    private AzureBlobStore Open() => new(
        AzuriteFixture.ClientOf(_connectionString, _container, new AgingHandler(_ages)), TimeProvider.System, pageSize: 3);

    private async Task AgeObjectAsync(string name, TimeSpan by)
    {
        var client = AzuriteFixture.ClientOf(_connectionString, _container).GetBlobClient(name);
        _ages[(await client.GetPropertiesAsync()).Value.ETag.ToString("H")] = by;
    }
}
