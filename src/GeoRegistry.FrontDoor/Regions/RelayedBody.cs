using System.Net;
using Microsoft.AspNetCore.Http;

namespace GeoRegistry.FrontDoor.Regions;

/// <summary>The body of a client's request on its way to another region, as it arrives.</summary>
/// <remarks>
/// A region may answer before it has all, as it does to what it refuses. Then the copying has to have ended before the request does: the server cannot
/// pass over the rest of a body that is being read, and would break off the connection with the answer on it.
/// </remarks>
internal sealed class RelayedBody(HttpRequest request) : HttpContent
{
    private const int BufferBytes = 64 * 1024;

    private readonly CancellationTokenSource _stopping = new(); // Not disposed: the request that bears the body is, while it may still be copied.
    private Task _copying = Task.CompletedTask;

    /// <summary>Ends the copying where it goes on, and returns when it has ended.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _copying.ContinueWith(_ => { }, TaskScheduler.Default).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) => _copying = CopyAsync(stream, cancellationToken);

    /// <inheritdoc/>
    protected override bool TryComputeLength(out long length)
    {
        length = request.ContentLength ?? 0;
        return request.ContentLength is not null;
    }

    private async Task CopyAsync(Stream stream, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _stopping.Token);
        await request.Body.CopyToAsync(stream, BufferBytes, either.Token).ConfigureAwait(false);
    }
}
