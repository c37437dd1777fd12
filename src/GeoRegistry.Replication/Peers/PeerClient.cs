using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using GeoRegistry.Ledgers;
using GeoRegistry.Regions.Control;
using GeoRegistry.Repositories;
using Microsoft.AspNetCore.Http;

namespace GeoRegistry.Replication.Peers;

/// <summary>Sends requests to the other regions.</summary>
/// <remarks>
/// HTTP/2, and two connections: what is small and urgent (feeds, tags, manifests) must not stand behind blobs. A connection whose region
/// no longer answers is found out by pings within seconds, so that requests fail and do not hang.
/// </remarks>
public sealed class PeerClient : IDisposable
{
    private static readonly TimeSpan PingDelay = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PingPatience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(3);

    /// <summary>How long a region that failed the last request may take: others are there to be asked.</summary>
    private static readonly TimeSpan SuspectPatience = TimeSpan.FromSeconds(1);

    /// <summary>How much of a blob may be on the way: 200 Mbit/s over 80 ms are 2 MB, and faster links are filled too.</summary>
    private const int WindowBytes = 8 * 1024 * 1024;

    private readonly RegionMap _map;
    private readonly IReadOnlyDictionary<RegionId, Uri> _addresses;
    private readonly AuthenticationHeaderValue _authorization;
    private readonly HttpMessageInvoker _urgent;
    private readonly HttpMessageInvoker _bulk;
    private readonly TimeProvider _clock;
    private readonly ConcurrentDictionary<RegionId, bool> _suspects = new();

    /// <summary>A client of the regions on the map.</summary>
    public PeerClient(RegionMap map, PeerOptions options, TimeProvider clock)
    {
        _map = map;
        _clock = clock;
        _addresses = options.AddressOf;
        _authorization = new AuthenticationHeaderValue(PeerHeaders.Scheme, options.ReadKey());
        _urgent = new HttpMessageInvoker(CreateHandler(options, clock));
        _bulk = new HttpMessageInvoker(CreateHandler(options, clock));
    }

    /// <summary>Whether the last request to a region failed.</summary>
    public bool IsSuspect(RegionId region) => _suspects.ContainsKey(region);

    /// <summary>Sends a request and returns when the answer's head has arrived.</summary>
    /// <param name="region">The region.</param>
    /// <param name="method">The method.</param>
    /// <param name="target">Path and query, sent as they are.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <param name="patience">How long the head may take; null for as long as the connection lives.</param>
    /// <param name="content">The body, or null.</param>
    /// <param name="headers">Further headers.</param>
    /// <param name="bulk">Whether it carries a blob.</param>
    /// <exception cref="OtherRegionsUnreachableException">The region did not answer.</exception>
    /// <exception cref="BadHttpRequestException">The body is that of a client's request, which is too slow or malformed.</exception>
    public async Task<HttpResponseMessage> SendAsync(
        RegionId region,
        HttpMethod method,
        string target,
        CancellationToken cancellation,
        TimeSpan? patience = null,
        HttpContent? content = null,
        IEnumerable<KeyValuePair<string, string>>? headers = null,
        bool bulk = false)
    {
        using var request = CreateRequest(region, method, target, content, headers);
        using var timer = new CancellationTokenSource(PatienceWith(region, patience), _clock);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timer.Token);
        try
        {
            var response = await (bulk ? _bulk : _urgent).SendAsync(request, limit.Token).ConfigureAwait(false);
            _suspects.TryRemove(region, out _);
            return response;
        }
        catch (Exception e) when (e.GetBaseException() is BadHttpRequestException fault)
        {
            throw fault; // The body that is relayed: its client's fault, and not the region's.
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && e is HttpRequestException or IOException or OperationCanceledException)
        {
            _suspects[region] = true;
            throw new OtherRegionsUnreachableException($"Region {region} cannot be reached from {_map.Self}: {e.GetBaseException().Message}");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _urgent.Dispose();
        _bulk.Dispose();
    }

    private TimeSpan PatienceWith(RegionId region, TimeSpan? patience) =>
        patience is not { } time ? Timeout.InfiniteTimeSpan : IsSuspect(region) && time > SuspectPatience ? SuspectPatience : time;

    private HttpRequestMessage CreateRequest(
        RegionId region, HttpMethod method, string target, HttpContent? content, IEnumerable<KeyValuePair<string, string>>? headers)
    {
        var address = _addresses.GetValueOrDefault(region) ?? _map.Current.Find(region)?.Peer
            ?? throw new OtherRegionsUnreachableException($"The topology has no region {region}.");
        var uri = new Uri(address.GetLeftPart(UriPartial.Authority) + target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        var request = new HttpRequestMessage(method, uri) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = content };
        request.Headers.Authorization = _authorization;
        request.Headers.Add(PeerHeaders.Region, _map.Self.ToString());
        foreach (var (name, value) in headers ?? [])
        {
            if (!request.Headers.TryAddWithoutValidation(name, value)) request.Content?.Headers.TryAddWithoutValidation(name, value);
        }

        return request;
    }

    private static SocketsHttpHandler CreateHandler(PeerOptions options, TimeProvider clock)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = ConnectPatience,
            EnableMultipleHttp2Connections = true,
            InitialHttp2StreamWindowSize = WindowBytes,
            KeepAlivePingDelay = PingDelay,
            KeepAlivePingTimeout = PingPatience,
            UseCookies = false,
            UseProxy = false,
        };
        if (options.Latency > TimeSpan.Zero)
            handler.PlaintextStreamFilter = (context, _) => new ValueTask<Stream>(new DelayedStream(context.PlaintextStream, options.Latency, clock));
        if (options.Authority.Length > 0) handler.SslOptions = Trusting(options.Authority);
        return handler;
    }

    private static SslClientAuthenticationOptions Trusting(string authority)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(authority);
        return new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
    }
}
