using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Protocol;
using Microsoft.Win32.SafeHandles;

namespace GeoRegistry.Storage.Files;

/// <summary>An upload as a file that grows, and is renamed to be a blob.</summary>
internal sealed class FileBlobUpload : IBlobUpload
{
    /// <summary>
    /// How much is gathered before the disk is told to begin writing; waiting for the end would make the last fsync long.
    /// </summary>
    private const int WritebackBytes = 8 * 1024 * 1024;

    private readonly BlobFolder _folder;
    private readonly string _key;
    private readonly string _path;

    // Held by each call that changes the file, so that whoever takes the upload over finds no call under way.
    private readonly Lock _calls = new();

    private SafeFileHandle _file = null!;
    private long _flushedBytes;
    private long _writebackFrom;
    private bool _isTakenOver;

    // From then on the file is a blob's, which nothing may change though its commit fails after; or it is gone.
    private bool _hasEnded;

    private FileBlobUpload(BlobFolder folder, string key)
    {
        _folder = folder;
        _key = key;
        _path = folder.Upload(key);
    }

    public string Holder { get; } = $"{Guid.NewGuid():n}";

    public string? PreviousHolder { get; private set; }

    public long SizeBytes { get; private set; }

    public long FlushedBytes => Volatile.Read(ref _flushedBytes);

    public static FileBlobUpload Create(BlobFolder folder, string key)
    {
        var upload = new FileBlobUpload(folder, key);
        try
        {
            lock (upload._calls)
            {
                upload._file = Posix.OpenFile(upload._path, FileMode.CreateNew, FileAccess.ReadWrite);
                folder.Holders.Replace(key, upload)?.TakeOver(); // Its file is gone by other means than ours.
            }

            return upload;
        }
        catch (Exception e)
        {
            throw StoreFaults.Translate(e, upload._path);
        }
    }

    /// <summary>Opens the file once the holder before can change it no more: only then is it known what it has.</summary>
    public static FileBlobUpload? Resume(BlobFolder folder, string key)
    {
        var upload = new FileBlobUpload(folder, key);
        try
        {
            // Held already when it becomes known, so that one that resumes after it waits, too, for whom this one waits.
            lock (upload._calls)
            {
                var earlier = folder.Holders.Replace(key, upload);
                earlier?.TakeOver();
                upload.PreviousHolder = earlier?.Holder;
                upload._file = Posix.OpenFile(upload._path, FileMode.Open, FileAccess.ReadWrite);
                upload._writebackFrom = upload._flushedBytes = upload.SizeBytes = RandomAccess.GetLength(upload._file);
            }

            return upload;
        }
        catch (Exception e)
        {
            folder.Holders.Forget(key, upload);
            if (e is FileNotFoundException) return null;
            throw StoreFaults.Translate(e, upload._path);
        }
    }

    public ValueTask AppendAsync(ReadOnlyMemory<byte> data, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        lock (_calls)
        {
            CheckHeld();
            Append(data.Span);
        }

        return default;
    }

    // What was written is the system's: it survives this process.
    public ValueTask FlushAsync(CancellationToken cancellation = default)
    {
        lock (_calls)
        {
            CheckHeld();
            Volatile.Write(ref _flushedBytes, SizeBytes);
        }

        return default;
    }

    public ValueTask TruncateAsync(long sizeBytes, CancellationToken cancellation = default)
    {
        lock (_calls)
        {
            CheckHeld();
            ArgumentOutOfRangeException.ThrowIfGreaterThan(sizeBytes, SizeBytes);
            if (!_hasEnded) Truncate(sizeBytes);
        }

        return default;
    }

    public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation = default)
    {
        var count = (int)Math.Clamp(FlushedBytes - offset, 0, buffer.Length);
        return new(RandomAccess.Read(_file, buffer.Span[..count], offset));
    }

    public Task CommitAsync(Digest digest, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        lock (_calls)
        {
            CheckHeld();
            Commit(digest);
        }

        return Task.CompletedTask;
    }

    public ValueTask DiscardAsync(CancellationToken cancellation = default)
    {
        lock (_calls)
        {
            CheckHeld();
            Discard();
        }

        return default;
    }

    public ValueTask DisposeAsync()
    {
        _file.Dispose();
        return default;
    }

    /// <summary>Ends the hold, once no call is under way.</summary>
    private void TakeOver()
    {
        lock (_calls) _isTakenOver = true;
    }

    private void CheckHeld()
    {
        if (_isTakenOver) throw new UploadTakenOverException(_key);
    }

    private void Append(ReadOnlySpan<byte> data)
    {
        try
        {
            RandomAccess.Write(_file, data, SizeBytes);
        }
        catch (Exception e)
        {
            SizeBytes = RandomAccess.GetLength(_file); // A part may have been written.
            throw StoreFaults.Translate(e, _path);
        }

        SizeBytes += data.Length;
        if (SizeBytes - _writebackFrom < WritebackBytes) return;
        Posix.StartWriteback(_file, _writebackFrom, SizeBytes - _writebackFrom);
        _writebackFrom = SizeBytes;
    }

    private void Truncate(long sizeBytes)
    {
        try
        {
            RandomAccess.SetLength(_file, sizeBytes);
        }
        catch (Exception e)
        {
            throw StoreFaults.Translate(e, _path);
        }

        SizeBytes = sizeBytes;
        _writebackFrom = Math.Min(_writebackFrom, sizeBytes);
        Volatile.Write(ref _flushedBytes, Math.Min(_flushedBytes, sizeBytes));
    }

    private void Commit(Digest digest)
    {
        try
        {
            // The bytes first, then the name, then the name's entry: a crash between any two leaves an upload or a whole blob.
            RandomAccess.FlushToDisk(_file);
            lock (_folder.LockOf(digest))
            {
                // The last append may be long ago; the blob's age counts from here.
                File.SetLastWriteTimeUtc(_file, TimeProvider.System.GetUtcNow().UtcDateTime);

                // An upload of the same blob may have renamed its file and not yet synced the folder, so an existing blob is replaced
                // by the same bytes rather than trusted to be on disk.
                _folder.Name(_path, digest);
                _hasEnded = true;
            }

            _file.Dispose();
            _folder.Holders.Forget(_key, this);
            _folder.SyncName(digest);
        }
        catch (Exception e)
        {
            throw StoreFaults.Translate(e, _path);
        }
    }

    private void Discard()
    {
        try
        {
            File.Delete(_path);
        }
        catch (Exception e)
        {
            throw StoreFaults.Translate(e, _path);
        }

        _hasEnded = true;
        _folder.Holders.Forget(_key, this);
        _file.Dispose();
    }
}
