using System.Globalization;
using System.Text.RegularExpressions;
using Xunit.Sdk;

namespace GeoRegistry.FrontDoor.Tests.Wire;

/// <summary>One upload session; it always uses the location that the last answer gave.</summary>
internal sealed partial class UploadSession(RegistryClient registry, string location)
{
    public string Location { get; private set; } = location;

    public string Id => Uuid().Match(Location) is { Success: true } match
        ? match.Value : throw new XunitException($"'{Location}' has no UUID.");

    /// <summary>Sends a chunk; without a range it is appended.</summary>
    public Task<Answer> PatchAsync(byte[] chunk, string? contentRange = null) => PatchAsync(Body.Of(chunk), contentRange);

    public async Task<Answer> PatchAsync(HttpContent chunk, string? contentRange = null)
    {
        var answer = await registry.SendAsync(Patch, Location, chunk, RangeHeader(contentRange));
        if (answer.Status == 202) Location = answer.Location;
        return answer;
    }

    public Task<Answer> StatusAsync() => registry.GetAsync(Location);

    public Task<Answer> CancelAsync() => registry.SendAsync(Delete, Location, null);

    public Task<Answer> CloseAsync(string digest, byte[]? lastChunk = null, string? contentRange = null) =>
        CloseAsync(digest, lastChunk is null ? null : Body.Of(lastChunk), contentRange);

    public Task<Answer> CloseAsync(string digest, HttpContent? lastChunk, string? contentRange = null) =>
        CloseWithQueryAsync($"digest={Uri.EscapeDataString(digest)}", lastChunk, contentRange);

    public Task<Answer> CloseWithQueryAsync(string query, HttpContent? lastChunk = null, string? contentRange = null) =>
        registry.SendAsync(Put, WithQuery(query), lastChunk, RangeHeader(contentRange));

    /// <summary>The location with a further query parameter; those it already has are kept.</summary>
    public string WithQuery(string query) => query.Length == 0 ? Location : $"{Location}{(Location.Contains('?') ? '&' : '?')}{query}";

    /// <summary>Expects the session to be open with this many bytes received.</summary>
    public async Task ExpectReceivedAsync(int bytes) =>
        (await StatusAsync()).Expect(204)
            .ExpectHeader("Range", string.Create(CultureInfo.InvariantCulture, $"0-{Math.Max(0, bytes - 1)}"));

    public async Task ExpectGoneAsync() => (await StatusAsync()).ExpectError(404, "BLOB_UPLOAD_UNKNOWN");

    private static (string, string)[] RangeHeader(string? contentRange) => contentRange is null ? [] : [("Content-Range", contentRange)];

    [GeneratedRegex("[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")]
    private static partial Regex Uuid();
}
