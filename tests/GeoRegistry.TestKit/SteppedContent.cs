using System.Net;

namespace GeoRegistry.TestKit;

/// <summary>A body that is sent in steps, with something to happen or to be awaited before each.</summary>
/// <param name="bytes">The body.</param>
/// <param name="stepBytes">How many bytes a step has; the last may have fewer.</param>
/// <param name="beforeStep">What comes before a step; told how many bytes were sent.</param>
/// <param name="saysLength">Whether the request says how long the body is.</param>
public sealed class SteppedContent(ReadOnlyMemory<byte> bytes, int stepBytes, Func<long, Task> beforeStep, bool saysLength = true)
    : HttpContent
{
    /// <inheritdoc/>
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        for (var sent = 0; sent < bytes.Length; sent += stepBytes)
        {
            await beforeStep(sent);
            await stream.WriteAsync(bytes[sent..Math.Min(bytes.Length, sent + stepBytes)]);
            await stream.FlushAsync();
        }
    }

    /// <inheritdoc/>
    protected override bool TryComputeLength(out long length)
    {
        length = saysLength ? bytes.Length : 0;
        return saysLength;
    }
}
