using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace GeoRegistry.FrontDoor.Http;

/// <summary>Writes JSON bodies with their exact length.</summary>
internal static class JsonResponse
{
    // Bodies are never part of a page, so quotes need no escapes.
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Answers with JSON; a HEAD request gets its headers alone.</summary>
    public static async Task WriteAsync(HttpContext http, string contentType, Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, Readable)) write(json);
        http.Response.ContentType = contentType;
        http.Response.ContentLength = buffer.WrittenCount;
        if (!HttpMethods.IsHead(http.Request.Method))
            await http.Response.Body.WriteAsync(buffer.WrittenMemory, http.RequestAborted).ConfigureAwait(false);
    }
}
