using GeoRegistry.Replication.Peers;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace GeoRegistry.FrontDoor.Regions;

/// <summary>Which headers of a relayed request, and of the answer to it, go on to the next hop.</summary>
internal static class RelayedHeaders
{
    // Those of the connection itself, and those that the client or server of this hop sets.
    private static readonly HashSet<string> OfOneHop = new(StringComparer.OrdinalIgnoreCase)
    {
        HeaderNames.Connection, HeaderNames.KeepAlive, HeaderNames.ProxyConnection, HeaderNames.TransferEncoding, HeaderNames.Upgrade,
        HeaderNames.TE, HeaderNames.Trailer,
        HeaderNames.Host, HeaderNames.Authorization, HeaderNames.Expect, HeaderNames.ContentLength, HeaderNames.Date, HeaderNames.Server,
        HeaderNames.TraceParent, HeaderNames.TraceState, PeerHeaders.Region,
    };

    // HTTP/2 has names in lower case; clients that look at them as text know these.
    private static readonly Dictionary<string, string> UsualNames = new[]
    {
        Oci.HeaderNames.DockerContentDigest, Oci.HeaderNames.DockerDistributionApiVersion, Oci.HeaderNames.DockerUploadUuid,
        Oci.HeaderNames.GeoRegistryReceipt, Oci.HeaderNames.OciFiltersApplied, Oci.HeaderNames.OciSubject, Oci.HeaderNames.OciTag,
    }.ToDictionary(name => name, StringComparer.OrdinalIgnoreCase);

    /// <summary>The headers of a client's request that another region is sent.</summary>
    /// <exception cref="BadHttpRequestException">One of them cannot be sent. To leave it out could change what the request
    /// means.</exception>
    public static List<KeyValuePair<string, string>> Of(IHeaderDictionary headers)
    {
        var named = NamedBy(headers.Connection);
        List<KeyValuePair<string, string>> relayed = [];
        foreach (var (name, values) in headers)
        {
            if (OfOneHop.Contains(name) || name.StartsWith(':') || named.Contains(name)) continue;
            var value = values.ToString();
            if (!PeerHeaders.CanSend(value))
                throw new BadHttpRequestException(
                    $"The header {name} has a line break or a NUL, so it cannot be passed on to the region that answers this request.");
            relayed.Add(KeyValuePair.Create(name, value));
        }

        return relayed;
    }

    /// <summary>Adds the headers of a region's answer to the answer to the client; what no server may send is left out.</summary>
    public static void Copy(HttpResponseMessage answer, IHeaderDictionary headers)
    {
        var named = NamedBy(
            answer.Headers.NonValidated.TryGetValues(HeaderNames.Connection, out var connection)
                ? connection.ToArray()
                : StringValues.Empty);
        foreach (var (name, values) in answer.Headers.NonValidated.Concat(answer.Content.Headers.NonValidated))
        {
            if (OfOneHop.Contains(name) || named.Contains(name)) continue;
            headers.Append(UsualNames.GetValueOrDefault(name, name), values.Where(value => !value.Any(IsControl)).ToArray());
        }
    }

    // Not char.IsControl: bytes from 0x80 are parts of UTF-8.
    private static bool IsControl(char c) => c is < ' ' or '\u007f';

    /// <summary>The headers that <c>Connection</c> names: they are for one hop, too.</summary>
    /// <remarks>
    /// Source: RFC 9110 §7.6.1. Kestrel itself drops the names that are given beside <c>keep-alive</c> or <c>close</c>, so
    /// those are not known here.
    /// </remarks>
    private static HashSet<string> NamedBy(StringValues connection) =>
        connection
            .SelectMany(value => (value ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
}
