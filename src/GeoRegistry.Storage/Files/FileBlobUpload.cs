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
    private readonly string _path;
    private readonly SafeFileHandle _file;
    private long _flushedBytes;
    private long _writebackFrom;

    // From then on the file is a blob's, which nothing may change though its commit fails after; or it is gone.
    private bool _hasEnded;

    private FileBlobUpload(BlobFolder folder, string path, FileMode mode)
    {
        _folder = folder;
        _path = path;
        _file = Posix.OpenFile(path, mode, FileAccess.ReadWrite);
        _writebackFrom = _flushedBytes = SizeBytes = RandomAccess.GetLength(_file);
    }

    public long SizeBytes { get; private set; }

    public long FlushedBytes => Volatile.Read(ref _flushedBytes);

    public static FileBlobUpload Create(BlobFolder folder, string key)
    {
        var path = folder.Upload(key);
        try
        {
            return new FileBlobUpload(folder, path, FileMode.CreateNew);
        }
        catch (Exception e)
        {
            throw StoreFaults.Translate(e, path);
        }
    }

    public static FileBlobUpload? Resume(BlobFolder folder, string key)
    {
        var path = folder.Upload(key);
        try
        {
            return new FileBlobUpload(folder, path, FileMode.Open);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (Exception e)
        {
            throw StoreFaults.Translate(e, path);
        }
    }

    public ValueTask AppendAsync(ReadOnlyMemory<byte> data, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        try
        {
            RandomAccess.Write(_file, data.Span, SizeBytes);
        }
        catch (Exception e)
        {
            SizeBytes = RandomAccess.GetLength(_file); // A part may have been written.
            throw StoreFaults.Translate(e, _path);
        }

        SizeBytes += data.Length;
        if (SizeBytes - _writebackFrom >= WritebackBytes)
        {
            Posix.StartWriteback(_file, _writebackFrom, SizeBytes - _writebackFrom);
            _writebackFrom = SizeBytes;
        }

        return default;
    }

    // What was written is the system's: it survives this process.
    public ValueTask FlushAsync(CancellationToken cancellation = default)
    {
        Volatile.Write(ref _flushedBytes, SizeBytes);
        return default;
    }

    public ValueTask TruncateAsync(long sizeBytes, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sizeBytes, SizeBytes);
        if (_hasEnded) return default;
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
            _folder.SyncName(digest);
        }
        catch (Exception e)
        {
            throw StoreFaults.Translate(e, _path);
        }

        return Task.CompletedTask;
    }

    public ValueTask DiscardAsync(CancellationToken cancellation = default)
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
        _file.Dispose();
        return default;
    }

    public ValueTask DisposeAsync()
    {
        _file.Dispose();
        return default;
    }
}
