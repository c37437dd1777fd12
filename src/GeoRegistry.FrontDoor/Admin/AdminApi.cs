using System.Text.Json;
using System.Text.Json.Serialization;
using GeoRegistry.FrontDoor.Errors;
using GeoRegistry.FrontDoor.Peers;
using GeoRegistry.Ledgers;
using GeoRegistry.Protocol.Errors;
using GeoRegistry.Regions.Control;
using GeoRegistry.Replication.Peers;
using Microsoft.AspNetCore.Http;

namespace GeoRegistry.FrontDoor.Admin;

/// <summary>The operators' API: any region answers for all, by asking each at that moment.</summary>
/// <remarks>
/// A row of an answer belongs to one region. <c>?region=</c> asks that region alone; what another region asks is answered
/// for this one alone.
/// </remarks>
internal sealed class AdminApi(RegionMap map, PeerClient peers, ReplicationEndpoints replication, ImageEndpoints images,
    RegionEndpoints regions, VerificationEndpoints verification)
{
    /// <summary>The beginning of its paths.</summary>
    public const string Prefix = "/api/v1/";

    /// <summary>How long a region may take to answer; those who ask wait longer.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    internal static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Answers a request.</summary>
    public Task HandleAsync(HttpContext http)
    {
        var path = http.Request.Path.Value![Prefix.Length..];
        var method = http.Request.Method;
        if (replication.Find(method, path) is { } answered) return answered(this, http);
        if (images.Find(method, path) is { } image) return image(this, http);
        if (verification.Find(method, path) is { } verify) return verify(this, http);
        if (regions.Find(method, path) is { } region) return region(this, http);
        return ErrorResponse.WriteAsync(http, RegistryError.Of(
            ErrorCode.Unsupported,
            "The admin API has no such path and method; docs/api.md lists all of them.") with { Status = 404 });
    }

    /// <summary>The regions that a request asks: the one that it names, or all; this one alone where another region asks.</summary>
    /// <returns>The regions; null where the request was answered with an error.</returns>
    public async Task<IReadOnlyList<RegionId>?> RegionsOfAsync(HttpContext http)
    {
        if (PeerIdentity.Of(http) is not null) return [map.Self];
        var all = map.Current.Regions.Select(region => region.Id).ToList();
        var text = http.Request.Query["region"].ToString();
        if (text.Length == 0) return all;
        if (RegionId.TryParse(text, out var named) && all.Contains(named)) return [named];
        await ErrorResponse.WriteAsync(http, RegistryError.Of(
            ErrorCode.Unsupported,
            $"'{text}' is not a region; there are {string.Join(", ", all)}.") with { Status = 404 }).ConfigureAwait(false);
        return null;
    }

    /// <summary>Collects the rows of the regions that a request asks.</summary>
    /// <typeparam name="TReport">The answer of one region; the answers of all make the whole.</typeparam>
    /// <param name="http">The request, which other regions are sent as it is.</param>
    /// <param name="here">Answers for this region.</param>
    /// <returns>Each region with its answer, or with why there is none; null where the request was answered with an error.</returns>
    public async Task<IReadOnlyList<RegionAnswer<TReport>>?> CollectAsync<TReport>(HttpContext http, Func<Task<TReport>> here)
        where TReport : class
    {
        if (await RegionsOfAsync(http).ConfigureAwait(false) is not { } regions) return null;
        return await Task.WhenAll(regions.Select(
            region => region == map.Self ? AnswerHereAsync(region, here) : AskAsync<TReport>(http, region))).ConfigureAwait(false);
    }

    /// <summary>Answers with a document.</summary>
    public static async Task WriteAsync<T>(HttpContext http, T document)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(document, Json);
        http.Response.Headers.CacheControl = "no-store";
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(http.Request.Method)) await http.Response.Body.WriteAsync(body, http.RequestAborted).ConfigureAwait(false);
    }

    private static async Task<RegionAnswer<TReport>> AnswerHereAsync<TReport>(RegionId region, Func<Task<TReport>> here)
        where TReport : class => new(region, await here().ConfigureAwait(false), null);

    private async Task<RegionAnswer<TReport>> AskAsync<TReport>(HttpContext http, RegionId region)
        where TReport : class
    {
        try
        {
            var target = http.Request.Path.ToUriComponent() + http.Request.QueryString.ToUriComponent();
            using var answer = await peers.SendAsync(region, new HttpMethod(http.Request.Method), target, http.RequestAborted,
                Timeout).ConfigureAwait(false);
            var body = await answer.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(http.RequestAborted).ConfigureAwait(false);
            return new RegionAnswer<TReport>(
                region, await JsonSerializer.DeserializeAsync<TReport>(body, Json, http.RequestAborted).ConfigureAwait(false), null);
        }
        catch (Exception e) when (PeerClient.IsFailureToAnswer(e))
        {
            return new RegionAnswer<TReport>(region, null, e.Message);
        }
    }
}

/// <summary>What a region answered.</summary>
/// <param name="Region">The region.</param>
/// <param name="Report">Its answer; null where it gave none.</param>
/// <param name="Error">Why not, or null.</param>
internal sealed record RegionAnswer<TReport>(RegionId Region, TReport? Report, string? Error)
    where TReport : class;
