using System.IO.Pipelines;
using System.Net;
using GeoRegistry.Replication.Peers;
using Microsoft.AspNetCore.Http;

namespace GeoRegistry.FrontDoor.Regions;

/// <summary>The body of a client's request on its way to another region, as it arrives.</summary>
/// <param name="request">The client's request.</param>
/// <param name="timeout">Is restarted whenever a part was sent, and when all was; suspended while the client is waited for, whom its
/// listener times.</param>
/// <remarks>
/// A region may answer before it has all, as it does to what it refuses. Then the copying has to have ended before the request
/// does: the server cannot pass over the rest of a body that is being read, and would break off the connection with the answer on
/// it.
/// </remarks>
internal sealed class RelayedBody(HttpRequest request, ProgressTimeout timeout) : HttpContent
{
    // Not disposed: the request that bears the body is, while it may still be copied.
    private readonly CancellationTokenSource _stopping = new();
    private Task _copying = Task.CompletedTask;
    private bool _isTaken;

    /// <summary>Ends the copying where it goes on, and returns when it has ended.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        if (!_copying.IsCompleted) request.BodyReader.CancelPendingRead();
        await _copying.ContinueWith(_ => { }, TaskScheduler.Default).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        // The HTTP client sends a request again by itself that the region says it did not take up (GOAWAY). Of a body that was read,
        // only the rest could be sent, as if it were all.
        if (_isTaken || !_copying.IsCompleted)
            throw new IOException("It did not take up the request, whose body cannot be sent a second time.");
        return _copying = CopyAsync(stream, cancellationToken);
    }

    /// <inheritdoc/>
    protected override bool TryComputeLength(out long length)
    {
        length = request.ContentLength ?? 0;
        return request.ContentLength is not null;
    }

    private async Task CopyAsync(Stream stream, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _stopping.Token);
        while (!either.IsCancellationRequested)
        {
            timeout.Suspend();
            var read = await ReadAsync().ConfigureAwait(false);
            _isTaken |= !read.Buffer.IsEmpty;
            timeout.Restart();
            try
            {
                if (read.IsCanceled) return;
                foreach (var piece in read.Buffer)
                {
                    await stream.WriteAsync(piece, either.Token).ConfigureAwait(false);
                    timeout.Restart();
                }

                if (read.IsCompleted) return;
            }
            finally
            {
                request.BodyReader.AdvanceTo(read.Buffer.End);
            }
        }
    }

    // A read that is cancelled by its token leaves the body in the state of being read; one that is cancelled by the reader does not.
    private async ValueTask<ReadResult> ReadAsync()
    {
        try
        {
            return await request.BodyReader.ReadAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            throw new RelayedBodyException(e);
        }
    }
}
