using GeoRegistry.FrontDoor.Errors;
using GeoRegistry.FrontDoor.Http;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Errors;
using GeoRegistry.Repositories.Blobs;
using GeoRegistry.Repositories.Metrics;
using Microsoft.AspNetCore.Http;

namespace GeoRegistry.FrontDoor.Oci;

/// <summary>The bytes of a blob on their way out.</summary>
internal static class BlobResponse
{
    /// <summary>
    /// How much is read at a time, straight into the response's memory: fewer and larger reads than the server's own
    /// copying makes.
    /// </summary>
    private const int ReadBytes = 256 * 1024;

    /// <summary>Sends a blob, or the part of it that the request asks for.</summary>
    public static async Task SendAsync(HttpContext http, Digest digest, BlobContent content)
    {
        var range = EntityTags.RangeApplies(http.Request, digest)
            ? ByteRange.Parse(http.Request.Headers.Range, content.SizeBytes)
            : new ByteRange(ByteRangeKind.Whole, 0, content.SizeBytes);
        var response = http.Response;
        switch (range.Kind)
        {
            case ByteRangeKind.Unsatisfiable:
                response.Headers.ContentRange = $"bytes */{content.SizeBytes}";
                var error = RegistryError.Of(
                    ErrorCode.SizeInvalid,
                    $"The blob has {content.SizeBytes} bytes; the range asks for others.") with { Status = 416 };
                await ErrorResponse.WriteAsync(http, error).ConfigureAwait(false);
                return;
            case ByteRangeKind.Part:
                response.StatusCode = StatusCodes.Status206PartialContent;
                response.Headers.ContentRange = $"bytes {range.Offset}-{range.Offset + range.LengthBytes - 1}/{content.SizeBytes}";
                break;
        }

        response.ContentLength = range.LengthBytes;
        if (content.Bytes is { } bytes)
            await response.BodyWriter.WriteAsync(bytes.Slice((int)range.Offset, (int)range.LengthBytes),
                http.RequestAborted).ConfigureAwait(false);
        else
            await StreamAsync(http, content, range.Offset, range.LengthBytes).ConfigureAwait(false);
        RegistryMetrics.Sent(range.LengthBytes);
    }

    private static async Task StreamAsync(HttpContext http, BlobContent content, long offset, long lengthBytes)
    {
        var writer = http.Response.BodyWriter;
        var range = await content.OpenRangeAsync(offset, lengthBytes, http.RequestAborted).ConfigureAwait(false);
        await using var closing = range.ConfigureAwait(false);
        for (var leftBytes = lengthBytes; leftBytes > 0;)
        {
            var memory = writer.GetMemory((int)Math.Min(ReadBytes, leftBytes));
            var read = await range.ReadAsync(
                memory[..(int)Math.Min(memory.Length, leftBytes)], http.RequestAborted).ConfigureAwait(false);
            if (read == 0) throw new EndOfStreamException("The blob is shorter than the store says.");
            writer.Advance(read);
            leftBytes -= read;
            if ((await writer.FlushAsync(http.RequestAborted).ConfigureAwait(false)).IsCompleted) return;
        }
    }
}
