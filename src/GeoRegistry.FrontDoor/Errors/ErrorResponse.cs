using System.Text.Json;
using GeoRegistry.FrontDoor.Http;
using GeoRegistry.FrontDoor.Oci;
using GeoRegistry.Protocol.Errors;
using Microsoft.AspNetCore.Http;

namespace GeoRegistry.FrontDoor.Errors;

/// <summary>Writes errors in the specification's form.</summary>
/// <remarks>Source: OCI Distribution Spec v1.1 §Error Codes.</remarks>
internal static class ErrorResponse
{
    /// <summary>Answers with errors; the status is the first one's.</summary>
    /// <remarks>
    /// An error is of this request alone: no cache may keep it, and what was set to describe the content is not said of
    /// it.
    /// </remarks>
    public static Task WriteAsync(HttpContext http, params IReadOnlyList<RegistryError> errors)
    {
        var (response, headers) = (http.Response, http.Response.Headers);
        response.StatusCode = errors[0].Status;
        headers.CacheControl = "no-store";
        headers.ETag = default;
        headers.Remove(HeaderNames.DockerContentDigest);
        if (errors[0].Code == ErrorCode.TooManyRequests || errors[0].Code == ErrorCode.Unavailable) headers.RetryAfter = "1";
        return JsonResponse.WriteAsync(http, "application/json", json => Write(json, errors));
    }

    private static void Write(Utf8JsonWriter json, IReadOnlyList<RegistryError> errors)
    {
        json.WriteStartObject();
        json.WriteStartArray("errors"u8);
        foreach (var error in errors)
        {
            json.WriteStartObject();
            json.WriteString("code"u8, error.Code.Name);
            json.WriteString("message"u8, error.Message);
            json.WriteStartObject("detail"u8);
            foreach (var (name, value) in error.Detail) json.WriteString(name, value);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
