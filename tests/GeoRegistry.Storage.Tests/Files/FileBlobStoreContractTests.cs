using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Protocol;
using GeoRegistry.Storage.Files;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Storage.Tests.Files;

public sealed class FileBlobStoreContractTests : BlobStoreContract
{
    protected override Task<BlobStoreFixture> OpenAsync() => Task.FromResult<BlobStoreFixture>(new FileBlobStoreFixture());
}

/// <summary>A blob store in a folder of its own.</summary>
internal sealed class FileBlobStoreFixture : BlobStoreFixture
{
    private readonly TemporaryFolder _folder = new();

    private readonly bool _isMeasured;

    /// <summary>Opens it.</summary>
    /// <param name="isMeasured">Whether its calls are measured.</param>
    public FileBlobStoreFixture(bool isMeasured = false)
    {
        _isMeasured = isMeasured;
        Store = new FileBlobStore(Root);
    }

    public FileBlobStore Store { get; private set; }

    public string Root => _folder.Child("blobs");

    public override IBlobStore Blobs => _isMeasured ? new MeasuredBlobStore(Store, "files") : Store;

    public override Task ReopenAsync()
    {
        Store = new FileBlobStore(Root);
        return Task.CompletedTask;
    }

    public override Task AgeAsync(Digest digest, TimeSpan by)
    {
        var hex = digest.Hex.ToString();
        return AgeFile(Path.Combine(Root, digest.Algorithm.Name(), hex[..2], hex), by);
    }

    public override Task AgeUploadAsync(string key, TimeSpan by) => AgeFile(Path.Combine(Root, "uploads", key), by);

    private static Task AgeFile(string path, TimeSpan by)
    {
        File.SetLastWriteTimeUtc(path, File.GetLastWriteTimeUtc(path) - by);
        return Task.CompletedTask;
    }

    public override ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return default;
    }
}
