using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Xunit.Sdk;

namespace GeoRegistry.FrontDoor.Tests.Wire;

/// <summary>A response, read to its end.</summary>
internal sealed class Answer
{
    private readonly string _request;
    private readonly IReadOnlyList<KeyValuePair<string, string>> _headers;

    public Answer(string request, int status, IReadOnlyList<KeyValuePair<string, string>> headers, byte[] body)
    {
        (_request, Status, _headers, Body) = (request, status, headers, body);
        AnswerRules.Check(this);
    }

    public int Status { get; }

    public byte[] Body { get; }

    public string Text => Encoding.UTF8.GetString(Body);

    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    public string Location => this["Location"] ?? throw new XunitException($"{this} has no Location.");

    public string? ContentType => this["Content-Type"];

    /// <summary>The only value of a header, or null where it is missing.</summary>
    public string? this[string header] => All(header) switch
    {
        [] => null,
        [var value] => value,
        var several => throw new XunitException($"{this} has {several.Count} headers {header}."),
    };

    /// <summary>The lines of a header, in order.</summary>
    public IReadOnlyList<string> All(string header) =>
        [.. _headers.Where(h => h.Key.Equals(header, StringComparison.OrdinalIgnoreCase)).Select(h => h.Value)];

    /// <summary>The target of the <c>Link</c> with <c>rel="next"</c> (RFC 5988), or null where there is no Link.</summary>
    public string? NextPage
    {
        get
        {
            if (this["Link"] is not { } link) return null;
            var match = System.Text.RegularExpressions.Regex.Match(link, """^<([^<>]+)>; *rel="?next"?$""");
            return match.Success ? match.Groups[1].Value : throw new XunitException($"'{link}' is no Link to the next page.");
        }
    }

    public Answer Expect(int status)
    {
        if (Status != status) throw new XunitException($"{this}; {status} was due.");
        return this;
    }

    public Answer ExpectHeader(string name, string value)
    {
        if (this[name] != value) throw new XunitException($"{this} has {name}: {this[name] ?? "(none)"}; {value} was due.");
        return this;
    }

    /// <summary>Expects the specification's error body; returns the first error's detail.</summary>
    public JsonElement ExpectError(int status, params string[] codes)
    {
        Expect(status);
        Assert.True(MediaTypeHeaderValue.TryParse(ContentType, out var type) && type.MediaType == "application/json",
            $"{this} is of type '{ContentType}', not JSON.");
        var error = Json.GetProperty("errors")[0];
        Assert.True(codes.Contains(error.GetProperty("code").GetString()), $"{this}; the code {string.Join(" or ", codes)} was due.");
        return error.TryGetProperty("detail", out var detail) ? detail : default;
    }

    public override string ToString() =>
        $"{_request} answered {Status} {(Body.Length <= 1000 ? Text : $"({Body.Length} bytes)")}".TrimEnd();
}
