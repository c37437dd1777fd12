using System.Buffers;
using System.Security.Cryptography;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Errors;
using GeoRegistry.Repositories.Metrics;

namespace GeoRegistry.Repositories.Uploads;

/// <summary>One upload: bytes are hashed as they arrive and written behind one another. Used by one request at a time.</summary>
internal sealed class UploadSession(IBlobStore store, string key, long maxSizeBytes)
{
    /// <summary>How much is gathered for one write and one hashing; more gains nothing, less costs calls.</summary>
    private const int BufferBytes = 256 * 1024;

    private readonly SemaphoreSlim _turn = new(1, 1);
    private IBlobUpload? _upload;
    private IncrementalHash? _hash;
    private DigestAlgorithm _algorithm = DigestAlgorithm.Sha256;
    private long _hashedBytes;

    /// <summary>When the last request ended, in the clock's timestamps.</summary>
    public long LastUsed { get; set; }

    /// <summary>Whether the session has let go of the upload; whoever finds it so looks the session up again.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>Lets the caller in once no other request uses the session.</summary>
    /// <returns>Whether it was let in within the time.</returns>
    public Task<bool> EnterAsync(TimeSpan patience, CancellationToken cancellation) => _turn.WaitAsync(patience, cancellation);

    public void Leave() => _turn.Release();

    public async ValueTask BeginAsync(DigestAlgorithm algorithm, CancellationToken cancellation)
    {
        _upload = await store.BeginUploadAsync(key, cancellation).ConfigureAwait(false);
        StartHash(algorithm);
    }

    /// <summary>Takes the upload up from the store, if that has not happened.</summary>
    /// <returns>Whether there is one.</returns>
    public async ValueTask<bool> ResumeAsync(CancellationToken cancellation)
    {
        _upload ??= await store.ResumeUploadAsync(key, cancellation).ConfigureAwait(false);
        return _upload is not null;
    }

    public UploadOutcome Status() => new UploadOutcome.Open(Upload.SizeBytes);

    /// <summary>Appends a body. What arrived before a client went away stays.</summary>
    public async Task<UploadOutcome> AppendAsync(UploadChunk chunk, CancellationToken cancellation)
    {
        var start = Upload.SizeBytes;
        if (FaultOf(chunk, start) is { } fault) return new UploadOutcome.Refused(fault);
        if (chunk.LengthBytes > maxSizeBytes - start) return TooLarge();
        var expected = chunk.Range is { } range ? range.Last - range.First + 1 : (long?)null;
        await CopyAsync(chunk.Body, start + Math.Min(expected ?? long.MaxValue, maxSizeBytes - start), cancellation).ConfigureAwait(false);
        var received = Upload.SizeBytes - start;
        if (Upload.SizeBytes > maxSizeBytes)
        {
            await TakeBackAsync(start).ConfigureAwait(false);
            return TooLarge();
        }

        if (expected is not null && received != expected)
        {
            await TakeBackAsync(start).ConfigureAwait(false);
            return new UploadOutcome.Refused(RegistryError.Of(ErrorCode.SizeInvalid, $"Content-Range announces {expected} bytes; the body has another number."));
        }

        await Upload.FlushAsync(cancellation).ConfigureAwait(false);
        return Status();
    }

    /// <summary>Makes the upload a blob, if its digest is the one given. Ends it in either case.</summary>
    public async Task<UploadOutcome> CommitAsync(Digest digest, CancellationToken cancellation)
    {
        var size = Upload.SizeBytes;
        var actual = await ComputeDigestAsync(digest.Algorithm, cancellation).ConfigureAwait(false);
        if (actual != digest)
        {
            await DiscardAsync(cancellation).ConfigureAwait(false);
            return new UploadOutcome.Refused(RegistryError.Of(
                ErrorCode.DigestInvalid, $"The content's digest is {actual}, not {digest}.", ("digest", actual.ToString())));
        }

        await Upload.CommitAsync(digest, cancellation).ConfigureAwait(false);
        await CloseAsync().ConfigureAwait(false);
        return new UploadOutcome.Completed(digest, size);
    }

    /// <summary>Ends the upload and leaves nothing of it.</summary>
    public async ValueTask DiscardAsync(CancellationToken cancellation)
    {
        await Upload.DiscardAsync(cancellation).ConfigureAwait(false);
        await CloseAsync().ConfigureAwait(false);
    }

    /// <summary>Lets go of the upload, which stays in the store.</summary>
    public async ValueTask CloseAsync()
    {
        IsClosed = true;
        _hash?.Dispose();
        _hash = null;
        if (_upload is { } upload) await upload.DisposeAsync().ConfigureAwait(false);
    }

    private IBlobUpload Upload => _upload ?? throw new InvalidOperationException("The session was not begun.");

    private UploadOutcome.Refused TooLarge() =>
        new(RegistryError.Of(ErrorCode.SizeInvalid, $"A blob may have {maxSizeBytes} bytes.") with { Status = 413 });

    private static RegistryError? FaultOf(UploadChunk chunk, long sizeBytes)
    {
        if (chunk.Range is not { } range) return null;
        if (range.First != sizeBytes)
        {
            return RegistryError.Of(
                ErrorCode.BlobUploadInvalid, $"The chunk begins at {range.First}; the upload has {sizeBytes} bytes: go on from there.",
                ("offset", $"{sizeBytes}")) with { Status = 416 };
        }

        return chunk.LengthBytes is { } length && length != range.Last - range.First + 1
            ? RegistryError.Of(ErrorCode.SizeInvalid, $"Content-Range announces {range.Last - range.First + 1} bytes, Content-Length {length}.")
            : null;
    }

    // A running hash cannot forget: it is made anew from what the store has, when the upload is closed.
    private ValueTask TakeBackAsync(long sizeBytes)
    {
        _hash?.Dispose();
        _hash = null;
        return Upload.TruncateAsync(sizeBytes, CancellationToken.None);
    }

    // Reads at most one buffer beyond the limit, which is enough to see that the body is too long.
    private async Task CopyAsync(Stream body, long limitBytes, CancellationToken cancellation)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            for (var ended = false; !ended && Upload.SizeBytes <= limitBytes;)
            {
                var filled = 0;
                try
                {
                    while (filled < BufferBytes && !ended)
                    {
                        var read = await body.ReadAsync(buffer.AsMemory(filled, BufferBytes - filled), cancellation).ConfigureAwait(false);
                        filled += read;
                        ended = read == 0;
                    }
                }
                finally
                {
                    await WriteAsync(buffer.AsMemory(0, filled)).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async ValueTask WriteAsync(ReadOnlyMemory<byte> data)
    {
        if (data.IsEmpty) return;
        var inStep = _hash is not null && _hashedBytes == Upload.SizeBytes;
        await Upload.AppendAsync(data, CancellationToken.None).ConfigureAwait(false);
        RegistryMetrics.Received(data.Length);
        if (!inStep) return;
        _hash!.AppendData(data.Span);
        _hashedBytes += data.Length;
    }

    private async ValueTask<Digest> ComputeDigestAsync(DigestAlgorithm algorithm, CancellationToken cancellation)
    {
        // The running hash is behind after a restart or a chunk taken back, and useless for another algorithm: then once more from disk.
        if (_hash is null || _algorithm != algorithm || _hashedBytes != Upload.SizeBytes) await RehashAsync(algorithm, cancellation).ConfigureAwait(false);
        return Digest.FromHash(algorithm, _hash!.GetCurrentHash());
    }

    private async ValueTask RehashAsync(DigestAlgorithm algorithm, CancellationToken cancellation)
    {
        StartHash(algorithm);
        await Upload.HashAsync(_hash!, cancellation).ConfigureAwait(false);
        _hashedBytes = Upload.SizeBytes;
    }

    private void StartHash(DigestAlgorithm algorithm)
    {
        _hash?.Dispose();
        _hash = IncrementalHash.CreateHash(algorithm.HashName());
        _algorithm = algorithm;
        _hashedBytes = 0;
    }
}
