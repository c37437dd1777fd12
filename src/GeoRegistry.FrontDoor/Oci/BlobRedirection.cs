using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Protocol;
using GeoRegistry.Repositories.Blobs;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace GeoRegistry.FrontDoor.Oci;

/// <summary>Sends clients of large blobs to the blob store, where they can be read directly: the last step of a GET.</summary>
/// <remarks>A client repeats its <c>Range</c> there, and not its <c>Authorization</c>, which is for this host.</remarks>
internal sealed partial class BlobRedirection(IBlobRedirects store, TimeProvider clock, ILogger<BlobRedirection> logger)
{
    /// <summary>How long blobs are sent from here after a URL could not be signed.</summary>
    internal static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private long _pausedUntilTicks;

    /// <summary>Answers with a redirect where this blob is to be read elsewhere by this client.</summary>
    /// <returns>Whether it did; else nothing is written.</returns>
    public async ValueTask<bool> TryRedirectAsync(OciRequest request, Digest digest, BlobContent content)
    {
        var http = request.Http;

        // The store does not know what If-Range names, and other regions are to get what they ask for.
        var isForClients = request.Relay is null && http.Request.Headers.IfRange.Count == 0;
        if (!isForClients || !content.IsStored || content.SizeBytes < store.MinBytes) return false;
        if (clock.GetUtcNow().Ticks < Interlocked.Read(ref _pausedUntilTicks)) return false;
        if (await TrySignAsync(digest, request.Aborted).ConfigureAwait(false) is not { } url) return false;
        var headers = http.Response.Headers;
        http.Response.StatusCode = StatusCodes.Status307TemporaryRedirect;
        headers.Location = url.AbsoluteUri;
        headers.CacheControl = "no-store"; // It is for this client, and ends in minutes.
        headers.ETag = headers.AcceptRanges = headers.ContentType = default;
        http.Response.ContentLength = 0;
        return true;
    }

    private async ValueTask<Uri?> TrySignAsync(Digest digest, CancellationToken cancellation)
    {
        try
        {
            return await store.SignAsync(digest, cancellation).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            Interlocked.Exchange(ref _pausedUntilTicks, (clock.GetUtcNow() + Pause).Ticks);
            LogNotSigned(e, e.Message, Pause.TotalSeconds);
            return null;
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "Blobs are sent by this server, and not redirected, for {Seconds} s. {Reason}")]
    private partial void LogNotSigned(Exception failure, string reason, double seconds);
}
