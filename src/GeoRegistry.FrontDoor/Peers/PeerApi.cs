using System.Security.Cryptography;
using System.Text;
using GeoRegistry.FrontDoor.Admin;
using GeoRegistry.FrontDoor.Errors;
using GeoRegistry.FrontDoor.Oci;
using GeoRegistry.Ledgers;
using GeoRegistry.Protocol.Errors;
using GeoRegistry.Regions.Control;
using GeoRegistry.Replication.Peers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace GeoRegistry.FrontDoor.Peers;

/// <summary>The one handler of the peer listener: what other regions ask, once they have shown the cluster's key.</summary>
/// <remarks>
/// Other regions relay the OCI API (<c>/v2/</c>) and the admin API (<c>/api/</c>) here too, and are answered for this region alone.
/// Nothing of <c>/peer/</c> is ever reached by the clients' listener, which does not know this class.
/// </remarks>
public sealed class PeerApi
{
    private readonly RegionMap _map;
    private readonly byte[] _key;
    private readonly OciApi _oci;
    private readonly AdminApi _admin;
    private readonly FeedEndpoints _feeds;
    private readonly ContentEndpoints _content;
    private readonly FailureMapping _failures;

    internal PeerApi(RegionMap map, PeerOptions options, OciApi oci, AdminApi admin, FeedEndpoints feeds,
        ContentEndpoints content, FailureMapping failures)
    {
        _map = map;
        _key = SHA256.HashData(Encoding.UTF8.GetBytes($"{PeerHeaders.Scheme} {options.ReadKey()}"));
        _oci = oci;
        _admin = admin;
        _feeds = feeds;
        _content = content;
        _failures = failures;
    }

    /// <summary>Answers a request; whatever happens, with an answer or an abrupt end.</summary>
    public async Task HandleAsync(HttpContext http)
    {
        try
        {
            await DispatchAsync(http).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            MarkIfDamaged(http, failure);
            await _failures.AnswerAsync(http, failure).ConfigureAwait(false);
        }
    }

    // Whoever asks must tell what is damaged here from a region that cannot answer now.
    private static void MarkIfDamaged(HttpContext http, Exception failure)
    {
        if (failure is not InvalidDataException || http.Response.HasStarted || !http.Request.Path.StartsWithSegments("/peer")) return;
        http.Response.OnStarting(() =>
        {
            http.Response.Headers[PeerHeaders.Damaged] = "true";
            return Task.CompletedTask;
        });
    }

    private Task DispatchAsync(HttpContext http)
    {
        if (!HasKey(http.Request))
            return ErrorResponse.WriteAsync(http, RegistryError.Of(
                ErrorCode.Unauthorized, "This listener is for other regions, which know the cluster's key."));
        if (!RegionId.TryParse(http.Request.Headers[PeerHeaders.Region], out var region) || _map.Current.Find(region) is null)
            return ErrorResponse.WriteAsync(http, RegistryError.Of(
                ErrorCode.Denied,
                $"'{http.Request.Headers[PeerHeaders.Region]}' is not a region of version {_map.Current.Version} of the topology."));
        http.Features.Set(new PeerIdentity(region));
        var path = http.Request.Path.Value!;
        if (path.StartsWith("/v2/", StringComparison.Ordinal))
            return _oci.HandleAsync(http, http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget);
        if (path.StartsWith(AdminApi.Prefix, StringComparison.Ordinal)) return _admin.HandleAsync(http);
        var handle = _feeds.Find(http.Request.Method, path) ?? _content.Find(http.Request.Method, path);
        return handle is not null
            ? handle(http, region)
            : ErrorResponse.WriteAsync(
                http, RegistryError.Of(ErrorCode.Unsupported, "The peer API has no such path.") with { Status = 404 });
    }

    // Hashes are compared, so that neither length nor content of the key shows in the time it takes.
    private bool HasKey(HttpRequest request) =>
        CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(request.Headers.Authorization.ToString())), _key);
}
