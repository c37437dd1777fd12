using System.Net;
using System.Text;
using System.Text.Json;
using Xunit.Sdk;

namespace GeoRegistry.Server.Tests.Clients;

/// <summary>A whole answer of the server.</summary>
internal sealed record Answer(HttpStatusCode Status, string? Location, string? Range, string? Digest, string? MediaType, byte[] Body)
{
    /// <summary>The code of the first error in the specification's form; throws where the body has none.</summary>
    public string ErrorCode => FirstError.GetProperty("code").GetString()!;

    public JsonElement FirstError => JsonDocument.Parse(Body).RootElement.GetProperty("errors")[0];

    public static async Task<Answer> ReadAsync(HttpResponseMessage response)
    {
        using (response)
        {
            return new Answer(
                response.StatusCode,
                response.Headers.Location?.OriginalString,
                Header(response, "Range"),
                Header(response, "Docker-Content-Digest"),
                response.Content.Headers.ContentType?.ToString(),
                await response.Content.ReadAsByteArrayAsync());
        }
    }

    public Answer Expect(HttpStatusCode status) =>
        Status == status ? this : throw new XunitException($"Expected {(int)status}, the server answered {this}");

    public override string ToString() => $"{(int)Status} {Encoding.UTF8.GetString(Body, 0, Math.Min(Body.Length, 600))}";

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? string.Join(",", values) : null;
}
