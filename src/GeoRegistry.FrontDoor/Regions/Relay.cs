using GeoRegistry.Ledgers;
using GeoRegistry.Replication.Peers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace GeoRegistry.FrontDoor.Regions;

/// <summary>Hands clients' requests to other regions as they came, and their answers back.</summary>
/// <param name="peers">The other regions.</param>
internal sealed class Relay(PeerClient peers)
{
    /// <summary>How long a region may take to answer what is read; writes may wait for replicas and have as long as the connection lives.</summary>
    private static readonly TimeSpan ReadPatience = TimeSpan.FromSeconds(5);

    /// <summary>What is larger goes beside the connection for what is small and urgent.</summary>
    private const long BulkBytes = 1024 * 1024;

    // Those of the connection itself, and those that the client or server of this hop sets.
    private static readonly HashSet<string> OfOneHop = new(StringComparer.OrdinalIgnoreCase)
    {
        HeaderNames.Connection, HeaderNames.KeepAlive, HeaderNames.ProxyConnection, HeaderNames.TransferEncoding, HeaderNames.Upgrade, HeaderNames.TE, HeaderNames.Trailer,
        HeaderNames.Host, HeaderNames.Authorization, HeaderNames.Expect, HeaderNames.ContentLength, HeaderNames.Date, HeaderNames.Server,
        HeaderNames.TraceParent, HeaderNames.TraceState, PeerHeaders.Region,
    };

    // HTTP/2 has names in lower case; clients that look at them as text know these.
    private static readonly Dictionary<string, string> UsualNames = new[]
    {
        Oci.HeaderNames.DockerContentDigest, Oci.HeaderNames.DockerDistributionApiVersion, Oci.HeaderNames.DockerUploadUuid, Oci.HeaderNames.GeoRegistryReceipt,
        Oci.HeaderNames.OciFiltersApplied, Oci.HeaderNames.OciSubject, Oci.HeaderNames.OciTag,
    }.ToDictionary(name => name, StringComparer.OrdinalIgnoreCase);

    /// <summary>Sends a client's request to a region.</summary>
    /// <exception cref="Repositories.OtherRegionsUnreachableException">The region did not answer.</exception>
    public async Task<HttpResponseMessage> SendAsync(HttpContext http, RegionId region)
    {
        var request = http.Request;
        var method = new HttpMethod(request.Method);
        var headers = request.Headers.Where(header => !OfOneHop.Contains(header.Key) && !header.Key.StartsWith(':')).Select(header => KeyValuePair.Create(header.Key, header.Value.ToString()));
        if (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method))
            return await peers.SendAsync(region, method, TargetOf(http), http.RequestAborted, ReadPatience, headers: headers).ConfigureAwait(false);

        var body = new RelayedBody(request);
        try
        {
            var isBulk = request.ContentLength is null or > BulkBytes;
            var answer = await peers.SendAsync(region, method, TargetOf(http), http.RequestAborted, patience: null, body, headers, isBulk).ConfigureAwait(false);
            await answer.Content.LoadIntoBufferAsync(http.RequestAborted).ConfigureAwait(false); // Answers to writes are small.
            return answer;
        }
        finally
        {
            await body.StopAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Gives a region's answer to the client.</summary>
    public static async Task CopyAsync(HttpResponseMessage answer, HttpContext http)
    {
        var response = http.Response;
        response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers))
        {
            if (!OfOneHop.Contains(name)) response.Headers.Append(UsualNames.GetValueOrDefault(name, name), values.ToArray());
        }

        // 204 and 304 have neither a length nor a body.
        if (response.StatusCode is StatusCodes.Status204NoContent or StatusCodes.Status304NotModified) return;
        response.ContentLength = answer.Content.Headers.ContentLength;
        if (HttpMethods.IsHead(http.Request.Method) || response.ContentLength == 0) return;
        await answer.Content.CopyToAsync(response.Body, http.RequestAborted).ConfigureAwait(false);
    }

    private static string TargetOf(HttpContext http)
    {
        var target = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        return target.StartsWith('/') ? target : new Uri(target).PathAndQuery;
    }
}
