using System.Text.Encodings.Web;
using System.Text.Json;

namespace GeoRegistry.Balancer.Forwarding;

/// <summary>The answers that the entrance gives itself, in the form of the registry's errors.</summary>
/// <remarks>
/// Source: OCI Distribution Spec v1.1 §Error Codes; where no request is at fault the code is GeoRegistry's own, since the
/// specification has none for that.
/// </remarks>
internal static class EntranceError
{
    // As regions write it: bodies are never part of a page, so quotes and pluses need no escapes.
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Answers that no region could.</summary>
    public static Task WriteAsync(HttpContext http, int status, string message) => WriteAsync(http, status, "UNAVAILABLE", message);

    /// <summary>Answers a request whose body was too slow or malformed, as a region does.</summary>
    public static Task WriteAsync(HttpContext http, BadHttpRequestException fault) => WriteAsync(
        http, fault.StatusCode, http.Request.Path.Value?.Contains("/blobs/uploads", StringComparison.Ordinal) == true
            ? "BLOB_UPLOAD_INVALID" : "MANIFEST_INVALID", fault.Message);

    private static async Task WriteAsync(HttpContext http, int status, string code, string message)
    {
        http.Response.Clear();
        http.Response.StatusCode = status;
        if (status >= StatusCodes.Status500InternalServerError) http.Response.Headers.RetryAfter = "1"; // When health was checked again.
        http.Response.ContentType = "application/json";
        http.Response.Headers.CacheControl = "no-store";
        var body = JsonSerializer.SerializeToUtf8Bytes(new { errors = new[] { new { code, message, detail = new { } } } }, Readable);
        http.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(http.Request.Method)) await http.Response.Body.WriteAsync(body, http.RequestAborted);
    }
}
