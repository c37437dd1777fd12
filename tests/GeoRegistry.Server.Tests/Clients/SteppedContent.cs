using System.Net;

namespace GeoRegistry.Server.Tests.Clients;

/// <summary>A body that is sent in steps, with something to happen or to be awaited before each.</summary>
internal sealed class SteppedContent(ReadOnlyMemory<byte> bytes, int stepBytes, Func<long, Task> beforeStep) : HttpContent
{
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        for (var sent = 0; sent < bytes.Length; sent += stepBytes)
        {
            await beforeStep(sent);
            await stream.WriteAsync(bytes[sent..Math.Min(bytes.Length, sent + stepBytes)]);
            await stream.FlushAsync();
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = bytes.Length;
        return true;
    }
}
