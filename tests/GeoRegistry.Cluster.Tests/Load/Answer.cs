using System.Net;
using System.Text;
using System.Text.Json;

namespace GeoRegistry.Cluster.Tests.Load;

/// <summary>A response, read whole.</summary>
internal sealed record Answer(string Request, HttpStatusCode Status, byte[] Body, IReadOnlyDictionary<string, string> Headers)
{
    public string? Digest => Headers.GetValueOrDefault("Docker-Content-Digest");

    /// <summary>The name of the commit that a push made.</summary>
    public string? Receipt => Headers.GetValueOrDefault("GeoRegistry-Receipt");

    public string? Warning => Headers.GetValueOrDefault("Warning");

    /// <summary>Whether the region says that it could not ask the home.</summary>
    public bool MayBeStale => Warning?.Contains("stale", StringComparison.OrdinalIgnoreCase) == true;

    public string Text => Encoding.UTF8.GetString(Body);

    /// <summary>A detail of the answer's error; null where it has none of that name.</summary>
    public string? Detail(string name)
    {
        using var json = JsonDocument.Parse(Body);
        return json.RootElement.GetProperty("errors")[0].TryGetProperty("detail", out var detail)
            && detail.TryGetProperty(name, out var value)
            ? value.GetString()
            : null;
    }

    public static async Task<Answer> ReadAsync(HttpResponseMessage response, CancellationToken cancellation = default)
    {
        using (response)
        {
            var body = await response.Content.ReadAsByteArrayAsync(cancellation);
            var headers = response.Headers.Concat(response.Content.Headers)
                .ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase);
            var request = $"{response.RequestMessage!.Method} {response.RequestMessage.RequestUri}";
            return new Answer(request, response.StatusCode, body, headers);
        }
    }

    public Answer Expect(params HttpStatusCode[] expected)
    {
        if (!expected.Contains(Status)) throw new AnswerException(this);
        return this;
    }
}
