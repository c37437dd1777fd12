using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Protocol;
using GeoRegistry.Replication.Blobs;
using GeoRegistry.Replication.Peers;
using GeoRegistry.Repositories;
using Microsoft.Extensions.Logging;

namespace GeoRegistry.Replication.Hydration;

/// <summary>Lets this region's store copy blobs from other regions' stores, so that no server sends them.</summary>
/// <remarks>
/// It is a shorter way and never the only one: whatever is wrong with a copy, the blob is sent. What is copied lies in the fetch's
/// upload, as what is sent does, and is hashed there before it becomes the blob.
/// </remarks>
internal sealed partial class StoreCopies(PeerClient peers, IBlobCopies store, TimeProvider clock, ILogger logger)
{
    /// <summary>What is smaller is sent: a copy has more round trips.</summary>
    internal const int MinBytes = 1024 * 1024;

    /// <summary>How long a region is not asked for offers after a copy from it failed, or it had none to give.</summary>
    internal static readonly TimeSpan Pause = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<RegionId, DateTimeOffset> _pausedUntil = new();
    private readonly Lock _pausing = new();

    /// <summary>Copies a blob to an empty upload.</summary>
    /// <param name="region">The region that may have it.</param>
    /// <param name="digest">The blob.</param>
    /// <param name="upload">Where it goes; as empty as before where it was not copied.</param>
    /// <param name="begun">Is called when the region has said that it has the blob.</param>
    /// <param name="streaming">Aborts the copy: the blob is to be sent.</param>
    /// <param name="cancellation">Aborts the copy, and ends the fetch.</param>
    /// <returns>Whether the upload has as many bytes as the blob now, and their hash is known.</returns>
    public async Task<bool> TryCopyAsync(
        RegionId region, Digest digest, ReceivingUpload upload, Action begun, CancellationToken streaming, CancellationToken cancellation)
    {
        if (upload.SizeBytes > 0 || upload.MissingBytes < MinBytes || streaming.IsCancellationRequested || IsPaused(region)) return false;
        if (await AskAsync(region, digest, cancellation).ConfigureAwait(false) is not { } source) return false;
        begun();
        if (await CopyAsync(region, digest, upload, source, streaming, cancellation).ConfigureAwait(false))
        {
            await upload.TakeCopyAsync(cancellation).ConfigureAwait(false);
            if (upload.IsWhole) return true;
        }

        await upload.ClearAsync(cancellation).ConfigureAwait(false);
        return false;
    }

    private async Task<Uri?> AskAsync(RegionId region, Digest digest, CancellationToken cancellation)
    {
        try
        {
            using var answer = await peers.SendAsync(region, HttpMethod.Get, $"{BlobOffer.Path}{digest}", cancellation,
                BlobSource.AnswerTimeout, bulk: true).ConfigureAwait(false);
            if (answer.StatusCode == HttpStatusCode.NoContent) return null; // It does not have this blob, which says nothing of others.
            if (answer.StatusCode == HttpStatusCode.OK
                && await answer.Content.ReadFromJsonAsync<BlobOffer>(cancellation).ConfigureAwait(false) is { Url: { } url }
                && Uri.TryCreate(url, UriKind.Absolute, out var source)) return source;
            var isExpected = answer.StatusCode is HttpStatusCode.NotImplemented or HttpStatusCode.NotFound; // By its store, or its build.
            PauseAfter(region, $"it answered {(int)answer.StatusCode}, and no URL", isExpected ? LogLevel.Debug : LogLevel.Information);
        }
        catch (OtherRegionsUnreachableException)
        {
            // It will not send the blob either.
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && PeerClient.IsFailureToAnswer(e))
        {
            PauseAfter(region, $"its answer could not be read: {e.Message}");
        }

        return null;
    }

    private async Task<bool> CopyAsync(RegionId region, Digest digest, ReceivingUpload upload, Uri source,
        CancellationToken streaming, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(streaming, cancellation);
        try
        {
            if (await store.CopyAsync(upload.Upload, source, either.Token).ConfigureAwait(false) is { } failure)
            {
                PauseAfter(region, failure);
                return false;
            }

            LogCopied(digest, region);
            return true;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }
    }

    private bool IsPaused(RegionId region) => _pausedUntil.TryGetValue(region, out var until) && clock.GetUtcNow() < until;

    // Of several copies that fail at the same time the first is heard of.
    private void PauseAfter(RegionId region, string reason, LogLevel level = LogLevel.Information)
    {
        lock (_pausing)
        {
            if (IsPaused(region)) return;
            _pausedUntil[region] = clock.GetUtcNow() + Pause;
        }

        LogNotCopied(level, region, reason, Pause.TotalMinutes);
    }

    [LoggerMessage(31, LogLevel.Debug, "The blob {Digest} was copied by the store from that of region {Region}")]
    private partial void LogCopied(Digest digest, RegionId region);

    [LoggerMessage(
        EventId = 32,
        Message = "The store of this region could not copy a blob from that of region {Region}: {Reason}. "
            + "Region {Region} sends its blobs itself; a copy is tried again in {Minutes} min.")]
    private partial void LogNotCopied(LogLevel level, RegionId region, string reason, double minutes);
}
