using System.IO.Enumeration;
using System.Runtime.CompilerServices;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;

namespace GeoRegistry.Storage.Files;

/// <summary>The embedded blob store: a file for every blob, in one folder.</summary>
/// <remarks>
/// Files are read and written synchronously: the page cache answers most calls at once, and the platform's asynchronous
/// calls would only move the rest to other threads of the same pool. Ages are the files' times of modification, by the machine's clock.
/// </remarks>
public sealed class FileBlobStore : IBlobStore, IStoreHealth
{
    /// <summary>How many files a list reads before it lets other work have its thread.</summary>
    private const int ListedPerTurn = 256;

    private readonly BlobFolder _folder;

    /// <summary>Opens the store, whose folders are made where they are missing.</summary>
    /// <param name="root">The store's folder.</param>
    public FileBlobStore(string root)
        : this(root, path => DirectorySync.Sync(path))
    {
    }

    /// <summary>As the other, with another way to put a folder's names on disk.</summary>
    internal FileBlobStore(string root, Action<string> sync) => _folder = new BlobFolder(root, sync);

    /// <inheritdoc/>
    public string StoreName => "blobs";

    /// <inheritdoc/>
    public ValueTask<long?> FindAsync(Digest digest, CancellationToken cancellation = default) => new(Find(digest));

    /// <inheritdoc/>
    public ValueTask<IReadOnlyDictionary<Digest, long>> StatManyAsync(
        IReadOnlyCollection<Digest> digests, CancellationToken cancellation = default)
    {
        var found = new Dictionary<Digest, long>();
        foreach (var digest in digests)
        {
            cancellation.ThrowIfCancellationRequested();
            if (Find(digest) is { } sizeBytes) found[digest] = sizeBytes;
        }

        return new ValueTask<IReadOnlyDictionary<Digest, long>>(found);
    }

    /// <inheritdoc/>
    public ValueTask<IBlobReader?> OpenAsync(Digest digest, CancellationToken cancellation = default)
    {
        try
        {
            return new ValueTask<IBlobReader?>(new FileBlobReader(Posix.OpenFile(_folder.Blob(digest), FileMode.Open, FileAccess.Read)));
        }
        catch (FileNotFoundException)
        {
            return default;
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredBlob> ListAsync([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        foreach (var (algorithm, shard) in _folder.Shards)
        {
            await foreach (var file in ListAsync(shard, cancellation).ConfigureAwait(false))
            {
                if (Digest.TryParse($"{algorithm.Name()}:{file.Name}", out var digest))
                    yield return new StoredBlob(digest, file.SizeBytes, file.WrittenAt);
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask<bool> TouchAsync(Digest digest, CancellationToken cancellation = default)
    {
        var path = _folder.Blob(digest);
        lock (_folder.LockOf(digest))
        {
            if (!File.Exists(path)) return new ValueTask<bool>(false);
            Write(path, () => File.SetLastWriteTimeUtc(path, TimeProvider.System.GetUtcNow().UtcDateTime));
        }

        Write(path, () => _folder.SyncName(digest));
        return new ValueTask<bool>(true);
    }

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(Digest digest, DateTimeOffset? ifOlderThan = null, CancellationToken cancellation = default)
    {
        var path = _folder.Blob(digest);
        lock (_folder.LockOf(digest))
        {
            var file = new FileInfo(path);
            if (!file.Exists || file.LastWriteTimeUtc >= ifOlderThan?.UtcDateTime) return Task.FromResult(false);
            Write(path, file.Delete);
        }

        DirectorySync.Sync(_folder.ShardOf(digest));
        return Task.FromResult(true);
    }

    /// <summary>
    /// Renames the file into the folder <c>damaged</c>: a kill at any moment leaves it in one place or the other, where
    /// it is found again or answers nobody.
    /// </summary>
    /// <inheritdoc/>
    public Task SetAsideAsync(Digest digest, CancellationToken cancellation = default)
    {
        var path = _folder.Blob(digest);
        lock (_folder.LockOf(digest))
        {
            if (!File.Exists(path)) return Task.CompletedTask;
            Write(path, () => File.Move(path, _folder.Damaged(digest), overwrite: true));
        }

        DirectorySync.Sync(_folder.ShardOf(digest));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<IBlobUpload> BeginUploadAsync(string key, CancellationToken cancellation = default) =>
        new(FileBlobUpload.Create(_folder, key));

    /// <inheritdoc/>
    public ValueTask<IBlobUpload?> ResumeUploadAsync(string key, CancellationToken cancellation = default) =>
        new(FileBlobUpload.Resume(_folder, key));

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredUpload> ListUploadsAsync([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await foreach (var file in ListAsync(_folder.Uploads, cancellation).ConfigureAwait(false))
        {
            if (file.Name != BlobFolder.HealthFile) yield return new StoredUpload(file.Name, file.WrittenAt);
        }
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

    // A commit shows a blob before its name is on disk: whoever is told of it may acknowledge it, so its name is put there first.
    private long? Find(Digest digest)
    {
        var file = new FileInfo(_folder.Blob(digest));
        if (!file.Exists) return null;
        Write(file.FullName, () => _folder.SyncName(digest));
        return file.Length;
    }

    private static void Write(string path, Action write)
    {
        try
        {
            write();
        }
        catch (Exception e)
        {
            throw StoreFaults.Translate(e, path);
        }
    }

    // Reading a folder takes no asynchronous call, so that its thread is given to others at intervals.
    private static async IAsyncEnumerable<ListedFile> ListAsync(string folder, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var listed = 0;
        var files = new FileSystemEnumerable<ListedFile>(
            folder, (ref FileSystemEntry file) => new ListedFile(file.FileName.ToString(), file.Length, file.LastWriteTimeUtc))
        {
            ShouldIncludePredicate = (ref FileSystemEntry entry) => !entry.IsDirectory,
        };
        foreach (var file in files)
        {
            cancellation.ThrowIfCancellationRequested();
            if (++listed % ListedPerTurn == 0) await Task.Yield();
            yield return file;
        }
    }

    private readonly record struct ListedFile(string Name, long SizeBytes, DateTimeOffset WrittenAt);
}
