using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace GeoRegistry.Storage.Azure;

/// <summary>A copy from another account into the object of an upload.</summary>
/// <remarks>
/// Copy Blob, which the service makes by and by and of which it promises no time. Its destination is visible meanwhile and may not be
/// written: it ends, by itself or aborted, before anything else is done with the upload.
/// </remarks>
internal sealed class AccountCopy(BlockBlobClient target, TimeProvider clock)
{
    /// <summary>How long a copy may take: as long as its source is signed for.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromHours(1);

    /// <summary>How long a copy may stand still.</summary>
    private static readonly TimeSpan StallTimeout = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a copy that is of no use any more is tried to be aborted; whoever takes the upload over does it then.</summary>
    private static readonly TimeSpan AbortTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Aborts a copy that may be under way. One that has ended is left.</summary>
    public static async Task AbortAsync(BlockBlobClient target, string copyId, CancellationToken cancellation)
    {
        try
        {
            await target.AbortCopyFromUriAsync(copyId, cancellationToken: cancellation).ConfigureAwait(false);
        }
        catch (RequestFailedException e) when (AzureStatus.HasChanged(e) || e.Status == AzureStatus.Conflict)
        {
            // It has ended, or another took its place.
        }
    }

    /// <summary>Copies, and aborts what does not end.</summary>
    /// <param name="source">Where from; never in a message, as whoever has it can read the blob.</param>
    /// <param name="etag">What the object must be.</param>
    /// <param name="metadata">The object's metadata then.</param>
    /// <param name="cancellation">Aborts the copy.</param>
    /// <returns>Null where it succeeded; else why not.</returns>
    public async Task<string?> RunAsync(Uri source, ETag etag, IDictionary<string, string> metadata, CancellationToken cancellation)
    {
        string? failure = "it was not begun";
        try
        {
            return failure = await CopyAsync(source, etag, metadata, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && e is RequestFailedException or AggregateException)
        {
            return e is RequestFailedException { Status: > 0 } refused
                ? $"the service answered {refused.Status} {refused.ErrorCode}"
                : "the service did not answer";
        }
        finally
        {
            if (failure is not null) await TryAbortAsync().ConfigureAwait(false);
        }
    }

    // The answer to its beginning may have been lost, so that its id is looked up.
    private async Task TryAbortAsync()
    {
        using var timeout = new CancellationTokenSource(AbortTimeout, clock);
        try
        {
            var found = (await target.GetPropertiesAsync(cancellationToken: timeout.Token).ConfigureAwait(false)).Value;
            if (found.BlobCopyStatus == CopyStatus.Pending) await AbortAsync(target, found.CopyId, timeout.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is RequestFailedException or AggregateException or OperationCanceledException)
        {
            // What is done next with the upload says what is wrong.
        }
    }

    private async Task<string?> CopyAsync(Uri source, ETag etag, IDictionary<string, string> metadata, CancellationToken cancellation)
    {
        var options = new BlobCopyFromUriOptions
        {
            DestinationConditions = new BlobRequestConditions { IfMatch = etag },
            Metadata = metadata,
        };
        var id = (await target.StartCopyFromUriAsync(source, options, cancellation).ConfigureAwait(false)).Id;
        var (began, moved, progress) = (clock.GetTimestamp(), clock.GetTimestamp(), "");
        while (true)
        {
            var found = (await target.GetPropertiesAsync(cancellationToken: cancellation).ConfigureAwait(false)).Value;
            if (found.CopyId != id) return "another took the object over";
            if (found.BlobCopyStatus == CopyStatus.Success) return null;
            if (found.BlobCopyStatus != CopyStatus.Pending) return $"it ended as {found.BlobCopyStatus}: {found.CopyStatusDescription}";
            if (found.CopyProgress != progress) (moved, progress) = (clock.GetTimestamp(), found.CopyProgress);
            if (clock.GetElapsedTime(moved) > StallTimeout) return $"it stood still at {progress} for {StallTimeout.TotalSeconds} s";
            if (clock.GetElapsedTime(began) > Timeout) return $"it had {progress} bytes after {Timeout.TotalMinutes} min";
            await Task.Delay(PollInterval, clock, cancellation).ConfigureAwait(false);
        }
    }
}
