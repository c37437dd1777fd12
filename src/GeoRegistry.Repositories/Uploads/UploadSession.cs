using System.Buffers;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Errors;
using GeoRegistry.Repositories.Metrics;

namespace GeoRegistry.Repositories.Uploads;

/// <summary>One upload: bytes are hashed as they arrive and written behind one another. Used by one request at a time.</summary>
/// <remarks>Between requests it has no file open, only the running hash.</remarks>
internal sealed class UploadSession(IBlobStore store, string key, DigestAlgorithm algorithm, UploadLimits limits, TimeProvider clock)
{
    /// <summary>How much is gathered for one write and one hashing; more gains nothing, less costs calls.</summary>
    private const int BufferBytes = 256 * 1024;

    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly UploadHash _hash = new(algorithm);
    private readonly BrokenBodies _broken = new();
    private readonly ArrivedBodies _arrived = new();
    private IBlobUpload? _upload;

    // The last hold of the upload that was this session's: what is remembered of the bytes is of what they were at its end.
    private string? _holder;

    private CancellationTokenSource? _receiving;
    private long _lastReceived = clock.GetTimestamp();

    // Whether this object has seen every request to the upload, as it has not after a restart.
    private bool _sawAll;

    /// <summary>When the last request ended, in the clock's timestamps.</summary>
    public long LastUsed { get; set; }

    /// <summary>Whether the session is forgotten; whoever finds it so looks the session up again.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>Whether its upload has ended: it became a blob or was discarded.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>
    /// The blob that the last closing request was about to store, its digest compared; null before. Where the upload is gone then, it
    /// became the blob, and only the acknowledgement is missing.
    /// </summary>
    public UploadOutcome.Completed? Storing { get; private set; }

    /// <summary>Waits until no other request uses the session.</summary>
    /// <returns>Whether the caller has the session; false after the timeout.</returns>
    public Task<bool> EnterAsync(TimeSpan timeout, CancellationToken cancellation) => _turn.WaitAsync(timeout, cancellation);

    public void Leave() => _turn.Release();

    /// <summary>
    /// Ends the request that uses the session, if its client has sent nothing for a time: its connection may be lost
    /// without a sign.
    /// </summary>
    public void CancelIfSilent(TimeSpan silence)
    {
        if (clock.GetElapsedTime(Volatile.Read(ref _lastReceived)) < silence) return;
        try
        {
            Volatile.Read(ref _receiving)?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has just ended by itself.
        }
    }

    public async ValueTask BeginAsync(CancellationToken cancellation)
    {
        _upload = await store.BeginUploadAsync(key, cancellation).ConfigureAwait(false);
        _holder = _upload.Holder;
        _sawAll = true;
    }

    /// <summary>Opens the upload for one request, if it is not open.</summary>
    /// <returns>Whether there is one.</returns>
    public async ValueTask<bool> OpenAsync(CancellationToken cancellation)
    {
        if (_upload is not null) return true;
        if (await store.ResumeUploadAsync(key, cancellation).ConfigureAwait(false) is not { } upload) return false;
        if (upload.PreviousHolder != _holder) ForgetBytes();
        (_upload, _holder) = (upload, upload.Holder);
        return true;
    }

    /// <summary>Closes the upload at the end of a request.</summary>
    public async ValueTask ReleaseAsync()
    {
        if (_upload is { } upload) await upload.DisposeAsync().ConfigureAwait(false);
        _upload = null;
    }

    public UploadOutcome Status() => new UploadOutcome.Open(Upload.SizeBytes);

    /// <summary>Appends a body. What arrived before a client went away stays; what the store had no space for is removed.</summary>
    public async Task<UploadOutcome> AppendAsync(UploadChunk chunk, CancellationToken cancellation)
    {
        var start = Upload.SizeBytes;
        if (FaultOf(chunk, start) is { } refusal) return refusal;
        if (chunk.LengthBytes > limits.MaxSizeBytes - start) return TooLarge();
        var expected = chunk.Range is { } range ? range.Last - range.First + 1 : (long?)null;
        if (expected is not null) _broken.Resumed();
        try
        {
            if (!await ReceiveAsync(
                chunk.Body,
                start + Math.Min(expected ?? long.MaxValue, limits.MaxSizeBytes - start),
                cancellation).ConfigureAwait(false))
            {
                return await BreakOffAsync(start).ConfigureAwait(false);
            }

            await Upload.FlushAsync(cancellation).ConfigureAwait(false);
        }
        catch (UploadFullException e)
        {
            await TakeBackAsync(start).ConfigureAwait(false);
            return new UploadOutcome.Refused(RegistryError.Of(ErrorCode.BlobUploadInvalid, e.Message) with { Status = 413 });
        }
        catch (StoreFaultException)
        {
            await TakeBackAsync(start).ConfigureAwait(false);
            throw;
        }
        catch
        {
            await BreakOffAsync(start).ConfigureAwait(false);
            throw;
        }

        var received = Upload.SizeBytes - start;
        if (Upload.SizeBytes > limits.MaxSizeBytes)
        {
            await TakeBackAsync(start).ConfigureAwait(false);
            return TooLarge();
        }

        if (expected is not null && received != expected)
        {
            await TakeBackAsync(start).ConfigureAwait(false);
            return new UploadOutcome.Refused(RegistryError.Of(
                ErrorCode.SizeInvalid, $"Content-Range announces {expected} bytes, but the body has {received}."));
        }

        if (chunk.Range is null && received > 0)
        {
            _broken.Followed(start);
            _arrived.Add(start, Upload.SizeBytes);
        }

        return Status();
    }

    /// <summary>
    /// Appends the last body, which may be empty, and makes the upload a blob, if its digest is the one given. Else it is
    /// discarded.
    /// </summary>
    /// <remarks>
    /// Where it fails once the body has arrived whole, that body is taken back, so that the request can be sent again as it was. The
    /// session stays open: whoever acknowledges the blob ends it (<see cref="EndAsync"/>).
    /// </remarks>
    public async Task<UploadOutcome> CompleteAsync(UploadChunk chunk, Digest digest, CancellationToken cancellation)
    {
        var start = Upload.SizeBytes;
        var appended = await AppendAsync(chunk, cancellation).ConfigureAwait(false);
        if (appended is UploadOutcome.Refused) return appended;
        try
        {
            // A client that goes away now has lost no more than the answer, so it is done to the end: the repetition finds the blob.
            return await StoreAsync(chunk, start, digest).ConfigureAwait(false);
        }
        catch
        {
            _broken.BrokeOff(start); // Should it not even be taken back.
            await TakeBackAsync(start).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Ends the upload and leaves nothing of it.</summary>
    public async ValueTask DiscardAsync(CancellationToken cancellation)
    {
        await Upload.DiscardAsync(cancellation).ConfigureAwait(false);
        await EndAsync().ConfigureAwait(false);
    }

    /// <summary>Forgets the session, whose upload has become a blob or was discarded.</summary>
    public ValueTask EndAsync()
    {
        HasEnded = true;
        return CloseAsync();
    }

    /// <summary>Forgets the session. The upload stays in the store, unless it has ended.</summary>
    public async ValueTask CloseAsync()
    {
        IsClosed = true;
        _hash.Dispose();
        await ReleaseAsync().ConfigureAwait(false);
    }

    private IBlobUpload Upload => _upload ?? throw new InvalidOperationException("The upload is not open.");

    private UploadOutcome.Refused TooLarge() =>
        new(RegistryError.Of(ErrorCode.SizeInvalid, $"A blob may have at most {limits.MaxSizeBytes} bytes.") with { Status = 413 });

    private static UploadOutcome.Refused? FaultOf(UploadChunk chunk, long sizeBytes)
    {
        if (chunk.Range is not { } range) return null;
        if (range.First != sizeBytes)
        {
            return new UploadOutcome.Refused(
                RegistryError.Of(
                    ErrorCode.BlobUploadInvalid, $"The chunk begins at {range.First}; the upload has {sizeBytes} bytes: go on from there.",
                    ("offset", $"{sizeBytes}")) with { Status = 416 },
                sizeBytes);
        }

        return chunk.LengthBytes is { } length && length != range.Last - range.First + 1
            ? new UploadOutcome.Refused(
                RegistryError.Of(
                    ErrorCode.SizeInvalid, $"Content-Range announces {range.Last - range.First + 1} bytes, Content-Length {length}."))
            : null;
    }

    private async Task<UploadOutcome> StoreAsync(UploadChunk chunk, long start, Digest digest)
    {
        var actual = await _hash.ComputeAsync(Upload, digest.Algorithm, CancellationToken.None).ConfigureAwait(false);
        if (actual == digest)
        {
            Storing = new UploadOutcome.Completed(digest, Upload.SizeBytes);
            await Upload.CommitAsync(digest, CancellationToken.None).ConfigureAwait(false);
            return Storing;
        }

        if (await TryCommitRepeatedAsync(chunk, start, digest).ConfigureAwait(false) is { } sizeBytes)
            return Storing = new UploadOutcome.Completed(digest, sizeBytes);
        await DiscardAsync(CancellationToken.None).ConfigureAwait(false);
        return new UploadOutcome.Refused(RegistryError.Of(
            ErrorCode.DigestInvalid,
            $"The content's digest is {actual}, not {digest}. The upload is discarded: begin another.",
            ("digest", actual.ToString())));
    }

    // Another server's requests may have replaced the bytes, up to the same size.
    private void ForgetBytes()
    {
        _hash.Drop();
        _broken.TakenBack(0);
        _arrived.TakenBack(0);
        _sawAll = false;
    }

    private async ValueTask TakeBackAsync(long sizeBytes)
    {
        _hash.Drop();
        await Upload.TruncateAsync(sizeBytes, CancellationToken.None).ConfigureAwait(false);
        _broken.TakenBack(sizeBytes);
        _arrived.TakenBack(sizeBytes);
    }

    private async Task<UploadOutcome> BreakOffAsync(long start)
    {
        _broken.BrokeOff(start);
        await Upload.FlushAsync(CancellationToken.None).ConfigureAwait(false);
        return new UploadOutcome.Refused(
            RegistryError.Of(
                ErrorCode.BlobUploadInvalid,
                "The body sent nothing for too long, so the request was ended; the upload can be resumed.") with { Status = 408 },
            Upload.SizeBytes);
    }

    /// <summary>
    /// Makes the upload a blob without the bytes of a request that broke off, or whose answer was lost, and was repeated.
    /// </summary>
    /// <returns>The blob's size; null where that does not give the digest either.</returns>
    private async Task<long?> TryCommitRepeatedAsync(UploadChunk last, long start, Digest digest)
    {
        // Where it is not known which bodies there were, the bytes tell what the last one may repeat; or it is the whole blob, and broke
        // off several times before.
        if (await TryCommitWithoutAsync(_broken.Candidates, digest).ConfigureAwait(false) is { } sizeBytes) return sizeBytes;
        var repeated = await _arrived.FindRepeatedAsync(Upload, CancellationToken.None).ConfigureAwait(false);
        if (await TryCommitWithoutAsync(repeated, digest).ConfigureAwait(false) is { } withoutThem) return withoutThem;
        if (start == Upload.SizeBytes) start = _arrived.LastStart(start) ?? start; // The closing request may have no body.
        if (_sawAll || last.Range is not null || start == 0 || start == Upload.SizeBytes) return null;
        var lengths = await RepeatedPrefix.FindAsync(Upload, start, CancellationToken.None).ConfigureAwait(false);
        return await TryCommitWithoutAsync(
            [.. lengths.Select(length => (start - length, start)), (0, start)], digest).ConfigureAwait(false);
    }

    private async Task<long?> TryCommitWithoutAsync(IEnumerable<(long From, long Until)> ranges, Digest digest)
    {
        foreach (var range in ranges.Distinct())
        {
            if (!await RepeatedBody.TryCommitWithoutAsync(
                store, Upload, UploadId.SpareKey(key), range.From, range.Until, digest, CancellationToken.None).ConfigureAwait(false))
            {
                continue;
            }

            var sizeBytes = Upload.SizeBytes - (range.Until - range.From);
            await Upload.DiscardAsync(CancellationToken.None).ConfigureAwait(false);
            return sizeBytes;
        }

        return null;
    }

    // Reads at most one buffer beyond the limit, which is enough to see that the body is too long.
    // Returns whether the body reached its end or the limit; false where nothing came for too long.
    private async Task<bool> ReceiveAsync(Stream body, long limitBytes, CancellationToken cancellation)
    {
        using var silent = new CancellationTokenSource(Timeout.InfiniteTimeSpan, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, silent.Token);
        Volatile.Write(ref _lastReceived, clock.GetTimestamp());
        Volatile.Write(ref _receiving, silent);
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
                        var reading = body.ReadAsync(buffer.AsMemory(filled, BufferBytes - filled), either.Token);
                        if (!reading.IsCompleted) silent.CancelAfter(limits.IdleTimeout);
                        var read = await reading.ConfigureAwait(false);
                        silent.CancelAfter(Timeout.InfiniteTimeSpan);
                        Volatile.Write(ref _lastReceived, clock.GetTimestamp());
                        filled += read;
                        ended = read == 0;
                    }
                }
                finally
                {
                    await WriteAsync(buffer.AsMemory(0, filled)).ConfigureAwait(false);
                }
            }

            return true;
        }
        catch (OperationCanceledException) when (silent.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            return false;
        }
        finally
        {
            Volatile.Write(ref _receiving, null);
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async ValueTask WriteAsync(ReadOnlyMemory<byte> data)
    {
        if (data.IsEmpty) return;
        var offset = Upload.SizeBytes;
        await Upload.AppendAsync(data, CancellationToken.None).ConfigureAwait(false);
        RegistryMetrics.Received(data.Length);
        _hash.Add(data.Span, offset);
    }
}
