using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using GeoRegistry.Ledgers.Transport;

namespace GeoRegistry.Storage.Azure;

/// <summary>A range of an object as it arrives, by one request.</summary>
/// <remarks>
/// Where the connection breaks off, the client asks for the rest, on condition that the object's ETag is the same. A touch of a blob and
/// a commit of an upload change that, and not the bytes: then the rest is asked for anew.
/// </remarks>
internal sealed class AzureRangeStream : ReadOnlyStream
{
    private readonly BlobBaseClient _object;
    private readonly AzureFaults _faults;
    private readonly string _what;
    private long _offset;
    private long _leftBytes;
    private Stream _content = Null;

    private AzureRangeStream(BlobBaseClient source, AzureFaults faults, string what, long offset, long lengthBytes)
    {
        _object = source;
        _faults = faults;
        _what = what;
        _offset = offset;
        _leftBytes = lengthBytes;
    }

    /// <summary>Opens a range.</summary>
    /// <param name="source">The object, which is not changed where the range is.</param>
    /// <param name="faults">Translates failures.</param>
    /// <param name="what">What is done, for messages.</param>
    /// <param name="offset">Where it begins.</param>
    /// <param name="lengthBytes">How many bytes it has; an empty one asks nobody.</param>
    /// <exception cref="FileNotFoundException">The object is gone, or is the destination of a copy that has not ended.</exception>
    public static async Task<AzureRangeStream> OpenAsync(
        BlobBaseClient source, AzureFaults faults, string what, long offset, long lengthBytes, CancellationToken cancellation)
    {
        var stream = new AzureRangeStream(source, faults, what, offset, lengthBytes);
        if (lengthBytes > 0) await stream.AskAsync(cancellation).ConfigureAwait(false);
        return stream;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_leftBytes == 0 || buffer.IsEmpty) return 0;
        var part = buffer[..(int)Math.Min(buffer.Length, _leftBytes)];
        int read;
        try
        {
            read = await _content.ReadAsync(part, cancellationToken).ConfigureAwait(false);
        }
        catch (RequestFailedException e) when (e.Status == AzureStatus.PreconditionFailed)
        {
            await AskAsync(cancellationToken).ConfigureAwait(false);
            read = await _faults.RunAsync(
                _what, () => _content.ReadAsync(part, cancellationToken).AsTask(), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (_faults.Translate(e, _what, cancellationToken) is { } fault)
        {
            throw fault;
        }

        _offset += read;
        _leftBytes = read == 0 ? 0 : _leftBytes - read;
        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _content.Dispose();
        base.Dispose(disposing);
    }

    private async Task AskAsync(CancellationToken cancellation)
    {
        await _content.DisposeAsync().ConfigureAwait(false);
        var options = new BlobDownloadOptions { Range = new HttpRange(_offset, _leftBytes) };
        var answer = await _faults.RunAsync(
            _what,
            async () =>
            {
                try
                {
                    return await _object.DownloadStreamingAsync(options, cancellation).ConfigureAwait(false);
                }
                catch (RequestFailedException e) when (AzureStatus.IsMissing(e))
                {
                    throw new FileNotFoundException($"It is not there to {_what}: it was deleted meanwhile.", e);
                }
            },
            cancellation).ConfigureAwait(false);
        _content = answer.Value.Content;
        if (answer.Value.Details is { CopyId: not null } details && details.CopyStatus != CopyStatus.Success)
            throw new FileNotFoundException($"It is not there to {_what}: it was deleted meanwhile, and is about to be stored anew.");
    }
}
