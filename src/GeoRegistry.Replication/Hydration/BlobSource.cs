using System.Buffers;
using System.Net;
using GeoRegistry.Ledgers;
using GeoRegistry.Protocol;
using GeoRegistry.Replication.Peers;
using GeoRegistry.Repositories;

namespace GeoRegistry.Replication.Hydration;

/// <summary>Receives a blob, or the rest of one, from one region; a client's fetch from another, where that is slow to answer.</summary>
/// <remarks>
/// What the region or the link does wrong is an answer. What is thrown is a failure of this region's store, or the
/// cancellation.
/// </remarks>
/// <param name="peers">The regions.</param>
/// <param name="slots">The slots to receive; null where the caller limits how many are received at a time.</param>
/// <param name="clock">The clock.</param>
/// <param name="copies">Copies by the stores; null where all is to be sent.</param>
internal sealed class BlobSource(PeerClient peers, ReadThroughSlots? slots, TimeProvider clock, StoreCopies? copies = null)
{
    private const int BufferBytes = 256 * 1024;

    /// <summary>How long a region may take to begin sending, before another is asked.</summary>
    internal static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(5);

    /// <summary>How long a region may send nothing in the middle of a blob, before another is asked.</summary>
    internal static readonly TimeSpan StallTimeout = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _streaming = new();

    /// <summary>Has blobs sent from now on, and aborts a copy that is under way.</summary>
    public void StreamNow() => _streaming.Cancel();

    /// <summary>Appends to an upload what it lacks of a blob.</summary>
    /// <param name="region">The region.</param>
    /// <param name="next">The region that is asked as well where it is slow to answer a client's fetch; null for none.</param>
    /// <param name="digest">The blob.</param>
    /// <param name="upload">Where the bytes go.</param>
    /// <param name="begun">Is called when a region has answered that it sends the blob.</param>
    /// <param name="grown">Is called when the upload has grown.</param>
    /// <param name="cancellation">Ends it; what has come stays.</param>
    /// <returns>The region that answered, and its answer.</returns>
    public async Task<(RegionId Region, SourceAnswer Answer)> ReceiveAsync(
        RegionId region, RegionId? next, Digest digest, ReceivingUpload upload, Action<RegionId> begun, Action grown,
        CancellationToken cancellation)
    {
        if (slots is null)
        {
            if (copies is not null && await copies.TryCopyAsync(
                region, digest, upload, () => begun(region), _streaming.Token, cancellation).ConfigureAwait(false))
            {
                return (region, new SourceAnswer.Whole());
            }

            using var only = await AskAsync(region, digest, upload, cancellation).ConfigureAwait(false);
            return (region, await ReceiveAsync(only, upload, begun, grown, cancellation).ConfigureAwait(false));
        }

        using var answer = await AskEitherAsync(region, next, digest, upload, cancellation).ConfigureAwait(false);
        if (answer.Refusal is { } refusal) return (answer.Region, refusal);
        using var slot = slots.TryTake(answer.Region);
        if (slot is not null)
            return (answer.Region, await ReceiveAsync(answer, upload, begun, grown, cancellation).ConfigureAwait(false));

        // The answer is dropped, as its first megabytes would wait in memory; the region is asked again when there is a slot.
        answer.Response!.Dispose();
        using var awaited = await slots.TakeAsync(answer.Region, cancellation).ConfigureAwait(false);
        if (awaited is null) return (answer.Region, new SourceAnswer.NoSlot());
        using var again = await AskAsync(answer.Region, digest, upload, cancellation).ConfigureAwait(false);
        return (again.Region, await ReceiveAsync(again, upload, begun, grown, cancellation).ConfigureAwait(false));
    }

    private Task<Asked> AskEitherAsync(
        RegionId region, RegionId? next, Digest digest, ReceivingUpload upload, CancellationToken cancellation) =>
        peers.AskEitherAsync(
            token => AskInPlaceAsync(region, digest, upload, token),
            next is not { } other || peers.IsSuspect(other) ? null : token => AskInPlaceAsync(other, digest, upload, token),
            asked => asked.Refusal is null,
            cancellation);

    private async Task<Asked> AskInPlaceAsync(RegionId region, Digest digest, ReceivingUpload upload, CancellationToken cancellation)
    {
        if (slots!.TryAsk(region) is not { } place)
            return new Asked(region, null, new SourceAnswer.BrokeOff(
                $"Region {region} is asked for {ReadThroughSlots.MaxUnderWayOfRegion} blobs for clients, its limit."));
        try
        {
            return await AskAsync(region, digest, upload, cancellation).ConfigureAwait(false) with { Place = place };
        }
        catch
        {
            place.Dispose();
            throw;
        }
    }

    private async Task<Asked> AskAsync(RegionId region, Digest digest, ReceivingUpload upload, CancellationToken cancellation)
    {
        var headers = upload.SizeBytes > 0 ? new[] { KeyValuePair.Create("Range", $"bytes={upload.SizeBytes}-") } : null;
        try
        {
            var response = await peers.SendAsync(region, HttpMethod.Get, $"/peer/blobs/{digest}", cancellation, AnswerTimeout,
                headers: headers, bulk: true).ConfigureAwait(false);
            return new Asked(region, response, RefusalOf(region, digest, response, upload));
        }
        catch (OtherRegionsUnreachableException e)
        {
            return new Asked(region, null, new SourceAnswer.BrokeOff(e.Message));
        }
    }

    private static SourceAnswer? RefusalOf(RegionId region, Digest digest, HttpResponseMessage response, ReceivingUpload upload) =>
        response.StatusCode switch
        {
            HttpStatusCode.OK or HttpStatusCode.PartialContent when response.Content.Headers.ContentLength == upload.MissingBytes => null,
            HttpStatusCode.OK or HttpStatusCode.PartialContent or HttpStatusCode.RequestedRangeNotSatisfiable => new SourceAnswer.Damaged(
                $"Region {region} has a copy of {digest} with another size than {upload.SizeBytes + upload.MissingBytes} bytes."),
            HttpStatusCode.NotFound => new SourceAnswer.NotFound(),
            _ when PeerClient.ReportsDamage(response) => new SourceAnswer.Damaged($"Region {region} cannot read its copy of {digest}."),
            _ => new SourceAnswer.BrokeOff($"Region {region} answered {(int)response.StatusCode}."), // It says nothing about the blob.
        };

    private async Task<SourceAnswer> ReceiveAsync(
        Asked asked, ReceivingUpload upload, Action<RegionId> begun, Action grown, CancellationToken cancellation)
    {
        if (asked.Refusal is { } refusal) return refusal;
        begun(asked.Region);
        using var stalled = new CancellationTokenSource(Timeout.InfiniteTimeSpan, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, stalled.Token);
        var body = await asked.Response!.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            while (!upload.IsWhole)
            {
                stalled.CancelAfter(StallTimeout);
                var read = await ReadAsync(asked.Region, body, buffer.AsMemory(0, (int)Math.Min(BufferBytes, upload.MissingBytes)),
                    either.Token, cancellation).ConfigureAwait(false);
                stalled.CancelAfter(Timeout.InfiniteTimeSpan); // The time that this region's store takes is not the other's.
                if (read.Failure is { } failure) return failure;
                await upload.AppendAsync(buffer.AsMemory(0, read.Count), cancellation).ConfigureAwait(false);
                grown();
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return new SourceAnswer.Whole();
    }

    private static async ValueTask<(int Count, SourceAnswer? Failure)> ReadAsync(
        RegionId region, Stream body, Memory<byte> buffer, CancellationToken either, CancellationToken cancellation)
    {
        try
        {
            var count = await body.ReadAsync(buffer, either).ConfigureAwait(false);
            return (count, count > 0 ? null : new SourceAnswer.BrokeOff($"Region {region} ended too early."));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return (0, new SourceAnswer.BrokeOff($"Region {region} sent nothing for {StallTimeout.TotalSeconds} s."));
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && e is HttpRequestException or IOException)
        {
            return (0, new SourceAnswer.BrokeOff($"Region {region} broke off: {e.Message}"));
        }
    }

    /// <summary>A region's answer: a response whose body is the rest of the blob, or why there is none.</summary>
    private sealed record Asked(RegionId Region, HttpResponseMessage? Response, SourceAnswer? Refusal) : IDisposable
    {
        /// <summary>The place among those that the region is asked for; null where they are not counted.</summary>
        public IDisposable? Place { get; init; }

        public void Dispose()
        {
            Response?.Dispose();
            Place?.Dispose();
        }
    }
}
