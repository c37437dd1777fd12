using System.Net;
using System.Text;

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
