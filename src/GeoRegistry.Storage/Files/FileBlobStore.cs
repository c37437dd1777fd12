using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;

namespace GeoRegistry.Storage.Files;

/// <summary>The embedded blob store: a file for every blob, in one folder.</summary>
/// <remarks>
/// Files are read and written synchronously: the page cache answers most calls at once, and the platform's asynchronous
/// calls would only move the rest to other threads of the same pool.
/// </remarks>
public sealed class FileBlobStore : IBlobStore, IStoreHealth
{
    private readonly BlobFolder _folder;

    /// <summary>Opens the store, whose folders are made where they are missing.</summary>
    /// <param name="root">The store's folder.</param>
    public FileBlobStore(string root) => _folder = new BlobFolder(root);

    /// <inheritdoc/>
    public string StoreName => "blobs";

    /// <inheritdoc/>
    public ValueTask<long?> FindAsync(Digest digest, CancellationToken cancellation = default)
    {
        var file = new FileInfo(_folder.Blob(digest));
        return new ValueTask<long?>(file.Exists ? file.Length : null);
    }

    /// <inheritdoc/>
    public ValueTask<IBlobReader?> OpenAsync(Digest digest, CancellationToken cancellation = default)
    {
        try
        {
            var file = File.OpenHandle(_folder.Blob(digest), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return new ValueTask<IBlobReader?>(new FileBlobReader(file));
        }
        catch (FileNotFoundException)
        {
            return default;
        }
    }

    /// <inheritdoc/>
    public ValueTask<IBlobUpload> BeginUploadAsync(string key, CancellationToken cancellation = default) =>
        new(FileBlobUpload.Create(_folder, key));

    /// <inheritdoc/>
    public ValueTask<IBlobUpload?> ResumeUploadAsync(string key, CancellationToken cancellation = default) =>
        new(FileBlobUpload.Resume(_folder, key));

    /// <inheritdoc/>
    public IAsyncEnumerable<string> ListUploadsAsync(DateTimeOffset before, CancellationToken cancellation = default) =>
        new DirectoryInfo(_folder.Uploads).EnumerateFiles()
            .Where(file => file.LastWriteTimeUtc < before.UtcDateTime && file.Name != BlobFolder.HealthFile)
            .Select(file => file.Name)
            .ToAsyncEnumerable();

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(Digest digest, CancellationToken cancellation = default)
    {
        var path = _folder.Blob(digest);
        if (!File.Exists(path)) return Task.FromResult(false);
        File.Delete(path);
        Posix.SyncDirectory(_folder.ShardOf(digest));
        return Task.FromResult(true);
    }

    /// <summary>Lists the folder of blobs, which fails where the disk is gone.</summary>
    /// <inheritdoc/>
    public Task CheckReadAsync(CancellationToken cancellation = default)
    {
        _ = Directory.EnumerateDirectories(_folder.FolderOf(DigestAlgorithm.Sha256)).Count();
        return Task.CompletedTask;
    }

    /// <summary>Makes, writes and deletes a file where uploads are kept, which fails where the disk is full, read-only or gone.</summary>
    /// <inheritdoc/>
    public async Task CheckWriteAsync(CancellationToken cancellation = default)
    {
        var path = Path.Combine(_folder.Uploads, BlobFolder.HealthFile);
        await File.WriteAllBytesAsync(path, "ok"u8.ToArray(), cancellation).ConfigureAwait(false);
        File.Delete(path);
    }
}
