using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using GeoRegistry.Ledgers;
using GeoRegistry.Regions.Control;
using GeoRegistry.Repositories;
using GeoRegistry.Resilience;

namespace GeoRegistry.Replication.Peers;

/// <summary>Sends requests to the other regions.</summary>
/// <remarks>
/// HTTP/2, and two connections: what is small and urgent (feeds, tags, manifests) must not wait behind blobs. A connection whose region
/// no longer answers is detected by pings within seconds, so that requests fail and do not hang.
/// </remarks>
public sealed class PeerClient : IDisposable
{
    private static readonly TimeSpan PingDelay = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(3);

    /// <summary>How long a region that failed the last request may take: others are there to be asked.</summary>
    private static readonly TimeSpan SuspectTimeout = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long a write waits for a region that failed the last requests, and how often it looks: its circuit is open for a second, and
    /// then a report of the feed that follows it, each second, decides.
    /// </summary>
    private static readonly TimeSpan ReturnTime = TimeSpan.FromSeconds(3), ReturnInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// How many requests to one region may await an answer: a fifth of the clients' connections, so that a slow one has not all of them.
    /// </summary>
    private const int MaxUnderWay = 2048;

    /// <summary>How much of a blob may be on the way: 200 Mbit/s over 80 ms are 2 MB, and faster links are filled too.</summary>
    private const int WindowBytes = 8 * 1024 * 1024;

    private readonly RegionMap _map;
    private readonly IReadOnlyDictionary<RegionId, Uri> _addresses;
    private readonly AuthenticationHeaderValue _authorization;
    private readonly HttpMessageInvoker _urgent;
    private readonly HttpMessageInvoker _bulk;
    private readonly TimeProvider _clock;
    private readonly ConcurrentDictionary<RegionId, bool> _suspects = new();
    private readonly ConcurrentDictionary<RegionId, Circuit> _circuits = new();

    /// <summary>The regions that have answered: one that has not, since this one started, may be about to start itself.</summary>
    private readonly ConcurrentDictionary<RegionId, bool> _heard = new();
    private readonly HedgeBudget _hedges = new();
    private readonly TimeSpan _hedgeDelay;

    /// <summary>A client of the regions on the map.</summary>
    public PeerClient(RegionMap map, PeerOptions options, TimeProvider clock)
    {
        _map = map;
        _clock = clock;
        _hedgeDelay = options.HedgeDelay;
        _addresses = options.AddressOf;
        _authorization = new AuthenticationHeaderValue(PeerHeaders.Scheme, options.ReadKey());
        _urgent = new HttpMessageInvoker(CreateHandler(options, clock));
        _bulk = new HttpMessageInvoker(CreateHandler(options, clock));
    }

    /// <summary>Whether the last request to a region failed, other than by a blob that did not come in time.</summary>
    public bool IsSuspect(RegionId region) => _suspects.ContainsKey(region);

    /// <summary>Notes that a region has started, or can be reached again: it begins to follow this one.</summary>
    public Task NoteReturnAsync(RegionId region) => CircuitOf(region).CloseAsync();

    /// <summary>
    /// Waits for a moment where a region failed the last requests: one that is back is heard of meanwhile, as its feed is followed.
    /// For what would be refused otherwise, and has nobody else to answer it.
    /// </summary>
    public async Task AwaitReturnAsync(RegionId region, CancellationToken cancellation)
    {
        var began = _clock.GetTimestamp();
        while (CircuitOf(region).IsOpen && _clock.GetElapsedTime(began) < ReturnTime)
            await Task.Delay(ReturnInterval, _clock, cancellation).ConfigureAwait(false);
    }

    /// <summary>Sends a request and returns when the answer's head has arrived.</summary>
    /// <param name="region">The region.</param>
    /// <param name="method">The method.</param>
    /// <param name="target">Path and query, sent as they are.</param>
    /// <param name="timeout">How long the head may take; null for as long as the connection lives.</param>
    /// <param name="content">The body, or null.</param>
    /// <param name="headers">Further headers.</param>
    /// <param name="bulk">Whether it carries a blob.</param>
    /// <exception cref="OtherRegionsUnreachableException">The region did not answer.</exception>
    public Task<HttpResponseMessage> SendAsync(
        RegionId region,
        HttpMethod method,
        string target,
        CancellationToken cancellation,
        TimeSpan? timeout = null,
        HttpContent? content = null,
        IEnumerable<KeyValuePair<string, string>>? headers = null,
        bool bulk = false) =>
        SendAsync(
            region,
            new PeerRequest(method, target) { Content = content, Headers = headers ?? [], IsBulk = bulk },
            timeout ?? Timeout.InfiniteTimeSpan,
            cancellation);

    /// <summary>Sends a request and returns when the answer's head has arrived, and its body too where that is to be buffered.</summary>
    /// <param name="region">The region.</param>
    /// <param name="request">The request.</param>
    /// <param name="timeout">How long the head may take, and then a body that is buffered. A head of a region that failed the last
    /// request may take a second at most.</param>
    /// <exception cref="OtherRegionsUnreachableException">The region did not answer, or its answer broke off; or it is not asked, as it
    /// failed the last requests (<see cref="Circuit"/>).</exception>
    public async Task<HttpResponseMessage> SendAsync(
        RegionId region, PeerRequest request, TimeSpan timeout, CancellationToken cancellation)
    {
        var isSuspect = IsSuspect(region) || CircuitOf(region).IsOpen;
        using var limit = StartTimeout(isSuspect && timeout > SuspectTimeout ? SuspectTimeout : timeout);
        return await SendAsync(region, request, limit, timeout == Timeout.InfiniteTimeSpan, cancellation).ConfigureAwait(false);
    }

    /// <summary>Sends a request and returns when the answer's head has arrived, and its body too where that is to be buffered.</summary>
    /// <param name="region">The region.</param>
    /// <param name="request">The request.</param>
    /// <param name="timeout">Ends the request; whoever sends the body says when that moves on.</param>
    /// <exception cref="OtherRegionsUnreachableException">The region did not answer, or its answer broke off.</exception>
    /// <remarks>
    /// An exception of the request's own body that is no <see cref="IOException"/> is thrown as it is: the region is not
    /// to blame.
    /// </remarks>
    public Task<HttpResponseMessage> SendAsync(
        RegionId region, PeerRequest request, ProgressTimeout timeout, CancellationToken cancellation) =>
        SendAsync(region, request, timeout, mayTakeLong: true, cancellation);

    /// <summary>Asks one region, and another as well where the first has not answered in time; for what a client waits for.</summary>
    /// <param name="first">Asks the first.</param>
    /// <param name="second">Asks the other; null where there is none. It is asked where the first is slow, and not where it has failed,
    /// and for one in ten requests at most (<see cref="HedgeBudget"/>).</param>
    /// <param name="isAnswer">Whether what one gave is an answer; where neither is, that of one of them is given.</param>
    public async Task<T> AskEitherAsync<T>(
        Func<CancellationToken, Task<T>> first, Func<CancellationToken, Task<T>>? second, Predicate<T> isAnswer,
        CancellationToken cancellation)
    {
        if (second is null) return await first(cancellation).ConfigureAwait(false);
        _hedges.Earn();
        var hasEnded = false;
        var hedge = Pipelines.Hedge(isAnswer, () => !hasEnded && _hedges.TryTake() ? second : null, _hedgeDelay, _clock);
        return await hedge.ExecuteAsync(
            async token =>
            {
                var answer = await first(token).ConfigureAwait(false);
                hasEnded = true;
                return answer;
            },
            cancellation).ConfigureAwait(false);
    }

    private Circuit CircuitOf(RegionId region) => _circuits.GetOrAdd(
        region,
        static (region, clock) => new Circuit(
            $"peer {region}", MaxUnderWay, failure => failure is FailedException { Counts: true }, clock),
        _clock);

    private async Task<HttpResponseMessage> SendAsync(
        RegionId region, PeerRequest request, ProgressTimeout timeout, bool mayTakeLong, CancellationToken cancellation)
    {
        try
        {
            return await CircuitOf(region).RunAsync(
                static (call, cancellation) => new ValueTask<HttpResponseMessage>(
                    call.Self.SendOnceAsync(call.region, call.request, call.timeout, cancellation)),
                (Self: this, region, request, timeout),
                mayTakeLong,
                cancellation).ConfigureAwait(false);
        }
        catch (CircuitRefusedException e)
        {
            throw new OtherRegionsUnreachableException($"Region {region} {e.Message}.");
        }
        catch (FailedException e)
        {
            throw Unreachable(region, e.InnerException!, timeout);
        }
    }

    private async Task<HttpResponseMessage> SendOnceAsync(
        RegionId region, PeerRequest request, ProgressTimeout timeout, CancellationToken cancellation)
    {
        using var message = CreateMessage(region, request);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timeout.Token);
        HttpResponseMessage? response = null;
        try
        {
            response = await (request.IsBulk ? _bulk : _urgent).SendAsync(message, either.Token).ConfigureAwait(false);
            if (IsBuffered(request, response))
            {
                timeout.Restart();
                await BufferAsync(response.Content, request.BufferedAnswerBytes, either.Token).ConfigureAwait(false);
            }

            _suspects.TryRemove(region, out _);
            _heard.TryAdd(region, true);
            return response;
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && IsFailureOfRegion(e))
        {
            response?.Dispose();
            var isItsFault = !IsOutOfResources(e) && (CircuitOf(region).IsOpen || !MayBeHashing(request, timeout));
            if (isItsFault) _suspects[region] = true;
            throw new FailedException(e, isItsFault && _heard.ContainsKey(region));
        }
        catch
        {
            response?.Dispose();
            throw;
        }
    }

    /// <summary>Asks a region for something that it answers as JSON.</summary>
    /// <param name="region">The region.</param>
    /// <param name="method">The method.</param>
    /// <param name="target">Path and query, sent as they are.</param>
    /// <param name="timeout">How long the head may take; null for as long as the connection lives.</param>
    /// <param name="content">The body, or null.</param>
    /// <exception cref="OtherRegionsUnreachableException">The region did not answer, or its answer broke off.</exception>
    /// <exception cref="HttpRequestException">It answered with an error.</exception>
    /// <exception cref="JsonException">It answered something else. See <see cref="IsFailureToAnswer"/>.</exception>
    public async Task<T> AskAsync<T>(
        RegionId region,
        HttpMethod method,
        string target,
        CancellationToken cancellation,
        TimeSpan? timeout = null,
        HttpContent? content = null)
    {
        using var response = await SendAsync(region, method, target, cancellation, timeout, content).ConfigureAwait(false);
        response.EnsureSuccessStatusCode();
        try
        {
            var answer = await response.Content.ReadFromJsonAsync<T>(cancellation).ConfigureAwait(false);
            return answer is null ? throw new JsonException($"Region {region} answered null to {target}.") : answer;
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && IsFailureOfRegion(e))
        {
            throw BrokeOff(region, e);
        }
    }

    /// <summary>Whether <see cref="AskAsync"/> failed because there was no answer, or none that can be used.</summary>
    public static bool IsFailureToAnswer(Exception failure) => failure is IOException or HttpRequestException or JsonException;

    /// <summary>Starts a timeout by this client's clock.</summary>
    public ProgressTimeout StartTimeout(TimeSpan duration) => new(duration, _clock);

    /// <summary>Whether a failure while a region was asked is the region's, or that of the way to it.</summary>
    /// <remarks>What cannot be sent at all is refused before it is sent, so all that comes from the connection is.</remarks>
    public static bool IsFailureOfRegion(Exception failure) =>
        failure is HttpRequestException or IOException or OperationCanceledException;

    /// <summary>
    /// Whether this region itself has no more sockets, ports or memory for a connection: that says nothing of the other.
    /// </summary>
    public static bool IsOutOfResources(Exception? failure) => failure switch
    {
        null => false,
        SocketException e => e.SocketErrorCode is SocketError.TooManyOpenSockets or SocketError.AddressNotAvailable
            or SocketError.AddressAlreadyInUse or SocketError.NoBufferSpaceAvailable or SocketError.ProcessLimit,
        _ => IsOutOfResources(failure.InnerException),
    };

    /// <summary>The failure of an answer whose body has not the length that its head says.</summary>
    public static HttpIOException EndedEarly(long receivedBytes, long promisedBytes) =>
        new(HttpRequestError.ResponseEnded, $"The answer ended after {receivedBytes} of {promisedBytes} bytes.");

    /// <summary>Whether an answer says that what was asked for is damaged in its region.</summary>
    public static bool ReportsDamage(HttpResponseMessage answer) => answer.Headers.Contains(PeerHeaders.Damaged);

    /// <summary>Describes the failure of a region in the middle of its answer.</summary>
    public static OtherRegionsUnreachableException BrokeOff(RegionId region, Exception failure) =>
        new($"Region {region} broke off in the middle of its answer: {failure.GetBaseException().Message}");

    /// <summary>Describes the failure of a region.</summary>
    /// <param name="region">The region.</param>
    /// <param name="failure">What was thrown.</param>
    /// <param name="timeout">The timeout of the request, which may be the reason.</param>
    public OtherRegionsUnreachableException Unreachable(RegionId region, Exception failure, ProgressTimeout timeout) => new(
        timeout.Token.IsCancellationRequested
            ? $"Region {region} did not answer {_map.Self} within {timeout.Duration.TotalSeconds} s."
            : IsOutOfResources(failure)
            ? $"Region {_map.Self} itself can open no connection to {region}: {failure.GetBaseException().Message}"
            : $"Region {region} cannot be reached from {_map.Self}: {failure.GetBaseException().Message}");

    /// <inheritdoc/>
    public void Dispose()
    {
        _urgent.Dispose();
        _bulk.Dispose();
    }

    // A region hashes a blob before its first answer after a start, and answers all else meanwhile; one that hangs answers no ping.
    private static bool MayBeHashing(PeerRequest request, ProgressTimeout timeout) =>
        request.IsBulk && request.Method == HttpMethod.Get && timeout.Token.IsCancellationRequested;

    private static bool IsBuffered(PeerRequest request, HttpResponseMessage response) =>
        request.BufferedAnswerBytes > 0 && request.Method != HttpMethod.Head
            && (response.Content.Headers.ContentLength ?? 0) <= request.BufferedAnswerBytes;

    private static async Task BufferAsync(HttpContent content, int maxBytes, CancellationToken cancellation)
    {
        var promisedBytes = content.Headers.ContentLength;
        await content.LoadIntoBufferAsync(maxBytes, cancellation).ConfigureAwait(false);
        var body = await content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        // The HTTP/2 client does not compare.
        if (promisedBytes is { } promised && body.Length != promised) throw EndedEarly(body.Length, promised);
    }

    private HttpRequestMessage CreateMessage(RegionId region, PeerRequest request)
    {
        var address = _addresses.GetValueOrDefault(region) ?? _map.Current.Find(region)?.Peer
            ?? throw new OtherRegionsUnreachableException($"The topology has no region {region}.");
        var uri = new Uri(
            address.GetLeftPart(UriPartial.Authority) + request.Target,
            new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        var message = new HttpRequestMessage(request.Method, uri)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = request.Content,
        };
        message.Headers.Authorization = _authorization;
        message.Headers.Add(PeerHeaders.Region, _map.Self.ToString());
        foreach (var (name, value) in request.Headers)
        {
            if (!PeerHeaders.CanSend(value))
                throw new ArgumentException($"The header {name} has characters that cannot be sent.", nameof(request));
            if (!message.Headers.TryAddWithoutValidation(name, value)) message.Content?.Headers.TryAddWithoutValidation(name, value);
        }

        return message;
    }

    private static SocketsHttpHandler CreateHandler(PeerOptions options, TimeProvider clock)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = ConnectTimeout,
            EnableMultipleHttp2Connections = true,
            InitialHttp2StreamWindowSize = WindowBytes,
            KeepAlivePingDelay = PingDelay,
            KeepAlivePingTimeout = PingTimeout,
            RequestHeaderEncodingSelector = (_, _) => PeerHeaders.Encoding,
            ResponseHeaderEncodingSelector = (_, _) => PeerHeaders.Encoding,
            UseCookies = false,
            UseProxy = false,
        };
        if (options.Latency > TimeSpan.Zero)
            handler.PlaintextStreamFilter = (context, _) =>
                new ValueTask<Stream>(new DelayedStream(context.PlaintextStream, options.Latency, clock));
        if (options.Authority.Length > 0) handler.SslOptions = Trusting(options.Authority);
        return handler;
    }

    private static SslClientAuthenticationOptions Trusting(string authority)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(authority);
        return new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
    }

    /// <summary>A request has failed.</summary>
    /// <param name="cause">The failure.</param>
    /// <param name="counts">Whether it counts against the region.</param>
    private sealed class FailedException(Exception cause, bool counts) : Exception(cause.Message, cause)
    {
        public bool Counts => counts;
    }
}
