using System.Net;
using GeoRegistry.Ledgers.Transport;

namespace GeoRegistry.Balancer.Forwarding;

/// <summary>
/// The body of a region's answer, each read of which its <see cref="Attempt"/> watches: time that the client takes does
/// not count.
/// </summary>
internal sealed class WatchedContent(HttpContent content, Attempt attempt) : HttpContent
{
    protected override Task<Stream> CreateContentReadStreamAsync() => CreateContentReadStreamAsync(CancellationToken.None);

    protected override async Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken) =>
        new WatchedStream(await content.ReadAsStreamAsync(cancellationToken), attempt);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        throw new NotSupportedException("It is read as a stream.");

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) content.Dispose();
        base.Dispose(disposing);
    }

    private sealed class WatchedStream(Stream source, Attempt attempt) : ReadOnlyStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            attempt.WatchAsync(source.ReadAsync(buffer, cancellationToken));

        protected override void Dispose(bool disposing)
        {
            if (disposing) source.Dispose();
            base.Dispose(disposing);
        }
    }
}
