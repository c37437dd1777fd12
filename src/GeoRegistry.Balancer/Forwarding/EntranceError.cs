using System.Text.Json;

namespace GeoRegistry.Balancer.Forwarding;

/// <summary>The answers that the entrance gives itself, in the form of the registry's errors.</summary>
/// <remarks>Source: OCI Distribution Spec v1.1 §Error Codes; the code is of GeoRegistry, since the specification's speak of requests.</remarks>
internal static class EntranceError
{
    public static async Task WriteAsync(HttpContext http, int status, string message)
    {
        http.Response.Clear();
        http.Response.StatusCode = status;
        http.Response.Headers.RetryAfter = "1"; // When health is known anew.
        http.Response.ContentType = "application/json";
        var body = JsonSerializer.SerializeToUtf8Bytes(new { errors = new[] { new { code = "UNAVAILABLE", message, detail = new { } } } });
        http.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(http.Request.Method)) await http.Response.Body.WriteAsync(body, http.RequestAborted);
    }
}
