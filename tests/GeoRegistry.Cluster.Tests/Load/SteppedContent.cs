using System.Net;

namespace GeoRegistry.Cluster.Tests.Load;

/// <summary>A body of unknown length whose sender waits for something in the middle.</summary>
internal sealed class SteppedContent(byte[] first, Task step, byte[] rest) : HttpContent
{
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        await stream.WriteAsync(first);
        await stream.FlushAsync();
        await step;
        await stream.WriteAsync(rest);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
