using System.Buffers;
using System.Net;
using System.Security.Cryptography;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Replication.Peers;
using GeoRegistry.Repositories;
using Polly;
using Polly.Retry;

namespace GeoRegistry.Replication.Hydration;

/// <summary>One blob on its way into this region, for any number of readers. It goes on when they leave.</summary>
/// <remarks>
/// The bytes are written to the blob store as they come; readers read them from there. What is behind the last byte of all is not shown before
/// the whole was verified and stored: a reader that got everything got the right blob. What a broken fetch left is taken up by the next.
/// </remarks>
internal sealed class BlobFetch(Digest digest, long sizeBytes, IBlobStore store, PeerClient peers, TimeProvider clock)
{
    private const int BufferBytes = 256 * 1024;

    /// <summary>How long a region may take to begin sending, before another is asked.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>How long a region may send nothing in the middle of a blob.</summary>
    internal static readonly TimeSpan StallPatience = TimeSpan.FromSeconds(30);

    // A connection that breaks in the middle is made anew for a few seconds before those who read are let down.
    private readonly ResiliencePipeline<FetchOutcome> _again = new ResiliencePipelineBuilder<FetchOutcome> { TimeProvider = clock }
        .AddRetry(new RetryStrategyOptions<FetchOutcome>
        {
            ShouldHandle = new PredicateBuilder<FetchOutcome>().HandleResult(outcome => outcome is FetchOutcome.Failed { IsBlobsFault: false }),
            MaxRetryAttempts = 4,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = TimeSpan.FromMilliseconds(200),
        })
        .Build();

    private readonly TaskCompletionSource<bool> _found = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IBlobUpload? _upload;
    private long _receivedBytes; // Over all attempts.

    /// <summary>Whether a region that has the blob began to send it, or none has it; fails where it could not be told.</summary>
    public Task<bool> Found => _found.Task;

    /// <summary>How many bytes readers may read.</summary>
    public PositionSignal Available { get; } = new(0);

    /// <summary>The region that sends it, or sent it last; null before the first began.</summary>
    public RegionId? Source { get; private set; }

    /// <summary>The blob's size.</summary>
    public long SizeBytes => sizeBytes;

    /// <summary>Reads what is available, from the growing upload or from the stored blob.</summary>
    public async ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        var count = (int)Math.Min(buffer.Length, Available.Position - offset);
        if (Available.Position < sizeBytes && _upload is { } upload)
        {
            try
            {
                return await upload.ReadAsync(offset, buffer[..count], cancellation).ConfigureAwait(false);
            }
            catch (ObjectDisposedException)
            {
                await Available.WaitForAsync(sizeBytes, cancellation).ConfigureAwait(false); // It is being stored at this moment.
            }
        }

        var stored = await store.OpenAsync(digest, cancellation).ConfigureAwait(false) ?? throw new IOException($"The blob {digest} went away while it was read.");
        await using (stored.ConfigureAwait(false)) return await stored.ReadAsync(offset, buffer[..count], cancellation).ConfigureAwait(false);
    }

    /// <summary>Fetches the blob from the first region that has it; from another, where that breaks off.</summary>
    /// <param name="regions">The regions in the order in which they are asked.</param>
    /// <param name="cancellation">Ends it; what has come stays for the next.</param>
    public async Task<FetchOutcome> RunAsync(IReadOnlyList<RegionId> regions, CancellationToken cancellation)
    {
        try
        {
            var outcome = await FetchAsync(regions, cancellation).ConfigureAwait(false);
            Settle(outcome);
            return outcome;
        }
        catch (Exception e)
        {
            _found.TrySetException(e);
            Available.Fail(e);
            throw;
        }
        finally
        {
            if (_upload is { } upload) await upload.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Tells those who wait that it will not be run.</summary>
    public void GiveUp(CancellationToken stopped)
    {
        _found.TrySetCanceled(stopped);
        Available.Fail(new OperationCanceledException(stopped));
    }

    private void Settle(FetchOutcome outcome)
    {
        switch (outcome)
        {
            case FetchOutcome.Stored:
                _found.TrySetResult(true);
                Available.Advance(sizeBytes);
                break;
            case FetchOutcome.Nowhere:
                _found.TrySetResult(false);
                Available.Fail(new IOException($"No region has the blob {digest}."));
                break;
            case FetchOutcome.Failed(var reason, _):
                var failure = new OtherRegionsUnreachableException($"The blob {digest} could not be fetched: {reason}");
                _found.TrySetException(failure);
                Available.Fail(failure);
                break;
        }
    }

    private async Task<FetchOutcome> FetchAsync(IReadOnlyList<RegionId> regions, CancellationToken cancellation)
    {
        if (await store.FindAsync(digest, cancellation).ConfigureAwait(false) is not null) return new FetchOutcome.Stored(0);
        var key = KeyOf(digest);
        var upload = _upload = await store.ResumeUploadAsync(key, cancellation).ConfigureAwait(false) ?? await store.BeginUploadAsync(key, cancellation).ConfigureAwait(false);
        if (upload.SizeBytes > sizeBytes) await upload.TruncateAsync(0, cancellation).ConfigureAwait(false);
        using var hash = IncrementalHash.CreateHash(digest.Algorithm.HashName());
        await upload.HashAsync(hash, cancellation).ConfigureAwait(false); // What an earlier fetch left: the hash is of what is stored.
        Show(upload);
        return await _again.ExecuteAsync(token => FetchAsync(regions, upload, hash, token), cancellation).ConfigureAwait(false);
    }

    private async ValueTask<FetchOutcome> FetchAsync(IReadOnlyList<RegionId> regions, IBlobUpload upload, IncrementalHash hash, CancellationToken cancellation)
    {
        var (problem, isBlobsFault) = ((string?)null, false);
        foreach (var region in regions)
        {
            var before = upload.SizeBytes;
            try
            {
                var isThere = upload.SizeBytes == sizeBytes || await ReceiveAsync(region, upload, hash, cancellation).ConfigureAwait(false);
                _receivedBytes += upload.SizeBytes - before;
                if (!isThere) continue;
            }
            catch (Exception e) when (!cancellation.IsCancellationRequested && e is IOException or HttpRequestException)
            {
                _receivedBytes += upload.SizeBytes - before;
                (problem, isBlobsFault) = (e.Message, isBlobsFault || e is not OtherRegionsUnreachableException);
                continue;
            }

            if (Digest.FromHash(digest.Algorithm, hash.GetCurrentHash()) != digest)
            {
                await upload.DiscardAsync(cancellation).ConfigureAwait(false);
                return new FetchOutcome.Failed($"region {region} sent other bytes than the digest names", IsBlobsFault: true);
            }

            await upload.CommitAsync(digest, cancellation).ConfigureAwait(false);
            return new FetchOutcome.Stored(_receivedBytes);
        }

        return problem is null ? new FetchOutcome.Nowhere() : new FetchOutcome.Failed(problem, isBlobsFault);
    }

    /// <returns>Whether the region has the blob, which has come whole then.</returns>
    private async Task<bool> ReceiveAsync(RegionId region, IBlobUpload upload, IncrementalHash hash, CancellationToken cancellation)
    {
        var headers = upload.SizeBytes > 0 ? new[] { KeyValuePair.Create("Range", $"bytes={upload.SizeBytes}-") } : null;
        using var response = await peers.SendAsync(region, HttpMethod.Get, $"/peer/blobs/{digest}", cancellation, Patience, headers: headers, bulk: true).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.NotFound) return false;
        if (response.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.BadGateway or HttpStatusCode.GatewayTimeout or HttpStatusCode.TooManyRequests)
            throw new OtherRegionsUnreachableException($"Region {region} answered {(int)response.StatusCode}."); // It says nothing about the blob.
        response.EnsureSuccessStatusCode();
        if (response.Content.Headers.ContentLength is not { } rest || rest != sizeBytes - upload.SizeBytes)
            throw new IOException($"Region {region} has {digest} with another size than {sizeBytes} bytes.");
        Source = region;
        _found.TrySetResult(true);
        var body = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        using var stalled = new CancellationTokenSource(Timeout.InfiniteTimeSpan, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, stalled.Token);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            while (upload.SizeBytes < sizeBytes)
            {
                stalled.CancelAfter(StallPatience);
                var filled = await ReadSomeAsync(region, body, buffer, either.Token, cancellation).ConfigureAwait(false);
                await upload.AppendAsync(buffer.AsMemory(0, filled), cancellation).ConfigureAwait(false);
                hash.AppendData(buffer, 0, filled);
                await upload.FlushAsync(cancellation).ConfigureAwait(false);
                Show(upload);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return true;
    }

    // A connection that breaks is not the blob's fault.
    private static async ValueTask<int> ReadSomeAsync(RegionId region, Stream body, byte[] buffer, CancellationToken either, CancellationToken cancellation)
    {
        try
        {
            var filled = await body.ReadAsync(buffer.AsMemory(0, BufferBytes), either).ConfigureAwait(false);
            return filled > 0 ? filled : throw new OtherRegionsUnreachableException($"Region {region} ended too early.");
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && e is HttpRequestException or HttpIOException or OperationCanceledException)
        {
            throw new OtherRegionsUnreachableException($"Region {region} broke off: {e.Message}");
        }
    }

    private void Show(IBlobUpload upload) => Available.Advance(Math.Min(upload.FlushedBytes, sizeBytes - 1));

    /// <summary>The key of a fetch's upload: always the same for a blob, so that it is found again.</summary>
    private static string KeyOf(Digest digest) => $"fetch-{digest.Algorithm.Name()}-{digest.Hex[..64]}";
}

/// <summary>What became of a fetch.</summary>
internal abstract record FetchOutcome
{
    private FetchOutcome()
    {
    }

    /// <summary>The blob is stored here.</summary>
    /// <param name="ReceivedBytes">How many bytes came for it now.</param>
    public sealed record Stored(long ReceivedBytes) : FetchOutcome;

    /// <summary>Every region answered that it does not have it.</summary>
    public sealed record Nowhere : FetchOutcome;

    /// <summary>It could not be fetched now.</summary>
    /// <param name="Reason">Why, for people.</param>
    /// <param name="IsBlobsFault">Whether trying again alone may not help: it arrived damaged, and not just nobody was reached.</param>
    public sealed record Failed(string Reason, bool IsBlobsFault) : FetchOutcome;
}
