using Azure.Storage.Blobs.Specialized;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Protocol;

namespace GeoRegistry.Storage.Azure;

/// <summary>An upload as a block blob whose block list is committed at each flush, and which is copied to be a blob.</summary>
/// <remarks>
/// Blocks that are sent and in no list cannot be read back, and are lost with their holder: they are not flushed. After a failure
/// everything that is not flushed is dropped, as it is not known which of it arrived.
/// </remarks>
internal sealed class AzureBlobUpload : IBlobUpload
{
    /// <summary>
    /// How much is flushed without being asked to: at least so many bytes, and at least this part of the upload, since the list names all
    /// blocks each time.
    /// </summary>
    private const int FlushIntervalBytes = 32 * 1024 * 1024, FlushIntervalPart = 32;

    private readonly BlockBlobClient _object;
    private readonly BlobCopies _copies;
    private readonly AzureFaults _faults;
    private readonly string _key;
    private readonly UploadState _state;
    private readonly BlockStaging _staging;

    // The blocks of the list, and behind them those that were sent since; null before they were read.
    private UploadBlocks? _blocks;

    // Whether the last commit of the list failed, so that it may have been done or not.
    private bool _isUncertain;

    // Whether the object has bytes behind the flushed ones: they were removed, or their flush failed and was done all the same.
    private bool _hasStrayBytes;

    private long _flushedBytes;
    private int _blockNumber;

    // From then on the object is of no use: its bytes are a blob, or it was discarded.
    private bool _hasEnded;
    private bool _isDisposed;

    private AzureBlobUpload(BlockBlobClient target, BlobCopies copies, AzureFaults faults, string key, UploadState state)
    {
        _object = target;
        _copies = copies;
        _faults = faults;
        _key = key;
        _state = state;
        _staging = new BlockStaging(target, faults, $"write the upload {key}");
        _blocks = state.SizeBytes == 0 ? new UploadBlocks() : null;
        _flushedBytes = SizeBytes = state.SizeBytes;
    }

    public string Holder => _state.Holder;

    public string? PreviousHolder => _state.PreviousHolder;

    public long SizeBytes { get; private set; }

    public long FlushedBytes => Volatile.Read(ref _flushedBytes);

    /// <summary>A block: less of it would be a block, too, of which there are 50,000.</summary>
    public long FlushWorthBytes => UploadBlocks.FirstBlockBytes;

    public static async Task<AzureBlobUpload> BeginAsync(
        BlockBlobClient target, BlobCopies copies, AzureFaults faults, string key, CancellationToken cancellation) => new(
        target, copies, faults, key, await UploadState.BeginAsync(target, faults, key, cancellation).ConfigureAwait(false));

    public static async Task<AzureBlobUpload?> ResumeAsync(
        BlockBlobClient target, BlobCopies copies, AzureFaults faults, string key, CancellationToken cancellation) =>
        await UploadState.TakeOverAsync(target, faults, key, cancellation).ConfigureAwait(false) is { } state
            ? new AzureBlobUpload(target, copies, faults, key, state)
            : null;

    public async ValueTask AppendAsync(ReadOnlyMemory<byte> data, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        try
        {
            var blocks = await BlocksAsync(cancellation).ConfigureAwait(false);
            while (!data.IsEmpty)
            {
                var blockBytes = blocks.NextBlockBytes;
                if (_staging.GatheredBytes >= blockBytes) await SendAsync(blocks, cancellation).ConfigureAwait(false);
                var count = _staging.Gather(data.Span, blockBytes);
                (data, SizeBytes) = (data[count..], SizeBytes + count);
            }

            if (_staging.GatheredBytes < blocks.NextBlockBytes) return;
            await SendAsync(blocks, cancellation).ConfigureAwait(false);
            if (SizeBytes - _flushedBytes >= Math.Max(FlushIntervalBytes, _flushedBytes / FlushIntervalPart))
                await CommitAsync(blocks, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (!IsCancelled(e, cancellation))
        {
            await DropAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async ValueTask FlushAsync(CancellationToken cancellation = default)
    {
        if (SizeBytes == _flushedBytes && !_hasStrayBytes && !_isUncertain) return;
        try
        {
            var blocks = await BlocksAsync(cancellation).ConfigureAwait(false);
            if (SizeBytes == _flushedBytes && !_hasStrayBytes) return; // All is there: what was uncertain is known now.
            if (_staging.GatheredBytes > 0) await SendAsync(blocks, cancellation).ConfigureAwait(false);
            await CommitAsync(blocks, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (!IsCancelled(e, cancellation))
        {
            await DropAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async ValueTask TruncateAsync(long sizeBytes, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sizeBytes, SizeBytes);
        if (_hasEnded) return;
        if (sizeBytes > _flushedBytes) throw new ArgumentException($"The upload was not flushed at {sizeBytes} bytes.", nameof(sizeBytes));
        await DropAsync().ConfigureAwait(false);
        if (sizeBytes == _flushedBytes && !_hasStrayBytes && !_isUncertain) return;
        var blocks = sizeBytes == 0 && _blocks is null
            ? await ForgetAsync(cancellation).ConfigureAwait(false)
            : await BlocksAsync(cancellation).ConfigureAwait(false);
        if (!blocks.TryTruncate(sizeBytes))
            throw new ArgumentException($"The upload was not flushed at {sizeBytes} bytes.", nameof(sizeBytes));
        _hasStrayBytes = true;
        Volatile.Write(ref _flushedBytes, sizeBytes);
        SizeBytes = sizeBytes;
        await FlushAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>As <see cref="IBlobCopies.CopyAsync"/>.</summary>
    public async Task<string?> CopyAsync(Uri source, TimeProvider clock, CancellationToken cancellation)
    {
        if (SizeBytes > 0) throw new InvalidOperationException($"The upload {_key} has bytes: only an empty one becomes a copy.");
        (_blocks, _isUncertain) = (null, true);
        var copy = new AccountCopy(_object, clock);
        var failure = await _state.CopyAsync(copy, source, cancellation).ConfigureAwait(false);
        if (failure is not null) return failure;
        _isUncertain = false;
        Volatile.Write(ref _flushedBytes, _state.SizeBytes);
        SizeBytes = _state.SizeBytes;
        return null;
    }

    public async ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation = default)
    {
        ObjectDisposedException.ThrowIf(_isDisposed || Volatile.Read(ref _hasEnded), this);
        var count = (int)Math.Clamp(FlushedBytes - offset, 0, buffer.Length);
        if (count == 0) return 0;
        try
        {
            var range = await AzureRangeStream.OpenAsync(
                _object, _faults, $"read the upload {_key}", offset, count, cancellation).ConfigureAwait(false);
            await using var closing = range.ConfigureAwait(false);
            return await range.ReadAtLeastAsync(
                buffer[..count], count, throwOnEndOfStream: false, cancellation).ConfigureAwait(false);
        }
        catch (FileNotFoundException e) when (Volatile.Read(ref _hasEnded))
        {
            throw new ObjectDisposedException($"The upload {_key} has ended while it was read.", e);
        }
    }

    public async Task CommitAsync(Digest digest, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        await FlushAsync(cancellation).ConfigureAwait(false);
        if (!await _copies.TryStoreAsync(_object, _state.ETag, digest, cancellation).ConfigureAwait(false))
        {
            await _state.CheckHeldAsync(cause: null, cancellation).ConfigureAwait(false);
            throw new IOException($"The upload {_key} was changed by other means than this store's while it became a blob: try again.");
        }

        Volatile.Write(ref _hasEnded, true);
        await TryDeleteAsync().ConfigureAwait(false);
    }

    public async ValueTask DiscardAsync(CancellationToken cancellation = default)
    {
        if (_hasEnded) return;
        await DropAsync().ConfigureAwait(false);
        await _state.DeleteAsync(cancellation).ConfigureAwait(false);
        Volatile.Write(ref _hasEnded, true);
    }

    public async ValueTask DisposeAsync()
    {
        _isDisposed = true;
        await _staging.DropAsync().ConfigureAwait(false);
    }

    private async Task SendAsync(UploadBlocks blocks, CancellationToken cancellation)
    {
        var (id, sizeBytes) = (UploadBlocks.IdOf(Holder, _blockNumber), _staging.GatheredBytes);
        await _staging.SendAsync(id, cancellation).ConfigureAwait(false);
        _blockNumber++;
        blocks.Add(id, sizeBytes);
    }

    private async Task CommitAsync(UploadBlocks blocks, CancellationToken cancellation)
    {
        await _staging.CompleteAsync(cancellation).ConfigureAwait(false);
        (_blocks, _isUncertain) = (null, true);
        await _state.CommitAsync(blocks).ConfigureAwait(false);
        (_blocks, _isUncertain, _hasStrayBytes) = (blocks, false, false);
        Volatile.Write(ref _flushedBytes, blocks.SizeBytes);
    }

    /// <summary>The blocks, which are read after a takeover, and where it is not known what is stored.</summary>
    private async ValueTask<UploadBlocks> BlocksAsync(CancellationToken cancellation)
    {
        if (_blocks is not null) return _blocks;
        var stored = await _state.LoadAsync(cancellation).ConfigureAwait(false);
        _hasStrayBytes = stored.SizeBytes > _flushedBytes;
        if (!stored.TryTruncate(_flushedBytes))
            throw new IOException($"The upload {_key} has lost bytes in the storage: it had {_flushedBytes}, and has {stored.SizeBytes}.");
        (_blocks, _isUncertain) = (stored, false);
        return stored;
    }

    // What the object has now is written over, whatever it is: a copy need not consist of blocks.
    private async Task<UploadBlocks> ForgetAsync(CancellationToken cancellation)
    {
        await _state.CheckHeldAsync(cause: null, cancellation).ConfigureAwait(false);
        _isUncertain = false;
        return _blocks = new UploadBlocks();
    }

    // Leaves what is flushed.
    private async ValueTask DropAsync()
    {
        await _staging.DropAsync().ConfigureAwait(false);
        _blocks?.TryTruncate(_flushedBytes);
        SizeBytes = _flushedBytes;
    }

    // The blob is stored: what is left of the upload now is discarded when it has expired.
    private async Task TryDeleteAsync()
    {
        try
        {
            await _state.DeleteAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (IOException)
        {
        }
    }

    private static bool IsCancelled(Exception failure, CancellationToken cancellation) =>
        failure is OperationCanceledException && cancellation.IsCancellationRequested;
}
