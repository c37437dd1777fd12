using System.Security.Cryptography;
using Grpc.Core;
using Grpc.Net.Client;
using GeoRegistry.Regions.Control.Etcd.Wire;

namespace GeoRegistry.Regions.Control.Etcd;

/// <summary>One member of the etcd cluster: the connection to it, and the token that it gave.</summary>
/// <remarks>Tokens are a member's own: one that was restarted knows none of those that it gave before.</remarks>
internal sealed class EtcdMember(Uri endpoint, EtcdOptions options, TimeProvider clock) : IDisposable
{
    /// <summary>A connection that is silent for so long is pinged; members refuse pings that come more often than every 5 s.</summary>
    private static readonly TimeSpan PingDelay = TimeSpan.FromSeconds(6);

    /// <summary>How long a ping may take; without an answer the connection ends, and with it a watch that a frozen member holds.</summary>
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(3);

    /// <summary>A member that came back is connected to within this.</summary>
    private static readonly TimeSpan LongestReconnectDelay = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan FirstReconnectDelay = TimeSpan.FromMilliseconds(100);

    /// <summary>How often it is looked whether the files of TLS have changed.</summary>
    private static readonly TimeSpan TlsInterval = TimeSpan.FromSeconds(1);

    private readonly EtcdTls _tls = new(options);
    private readonly Lock _turn = new();
    private GrpcChannel? _channel;
    private string _tlsStamp = "";
    private long _tlsReadAt;
    private volatile string? _token;

    /// <summary>Where it is.</summary>
    public Uri Endpoint { get; } = endpoint;

    /// <summary>Sends one request.</summary>
    /// <param name="send">Sends it.</param>
    /// <param name="timeout">How long the answer may take.</param>
    /// <exception cref="RpcException">It was refused, or not answered in time.</exception>
    public async Task<T> CallAsync<T>(
        Func<CallInvoker, CallOptions, AsyncUnaryCall<T>> send, TimeSpan timeout, CancellationToken cancellation)
    {
        var invoker = Connect();
        var deadline = clock.GetUtcNow().UtcDateTime + timeout;
        try
        {
            return await SendAsync().ConfigureAwait(false);
        }
        catch (RpcException e) when (options.User.Length > 0 && EtcdFault.IsOfToken(e))
        {
            ForgetToken();
            return await SendAsync().ConfigureAwait(false);
        }

        async Task<T> SendAsync()
        {
            var headers = await HeadersAsync(invoker, deadline, cancellation).ConfigureAwait(false);
            using var call = send(invoker, new CallOptions(headers, deadline, cancellation));
            return await call.ResponseAsync.ConfigureAwait(false);
        }
    }

    /// <summary>Opens a stream of watches.</summary>
    /// <param name="timeout">How long it may take until it is open.</param>
    public async Task<AsyncDuplexStreamingCall<WatchRequest, WatchResponse>> OpenWatchAsync(
        TimeSpan timeout, CancellationToken cancellation)
    {
        var invoker = Connect();
        var headers = await HeadersAsync(invoker, clock.GetUtcNow().UtcDateTime + timeout, cancellation).ConfigureAwait(false);
        return new Watch.WatchClient(invoker).Watch(new CallOptions(headers, cancellationToken: cancellation));
    }

    /// <summary>Has the next request ask for a token.</summary>
    public void ForgetToken() => _token = null;

    /// <inheritdoc/>
    public void Dispose() => _channel?.Dispose();

    // Without the first header a member that lost the others would keep a request, or a watch, until it finds them again.
    private async Task<Metadata> HeadersAsync(CallInvoker invoker, DateTime deadline, CancellationToken cancellation)
    {
        var headers = new Metadata { { "hasleader", "true" } };
        if (options.User.Length == 0) return headers;
        try
        {
            _token ??= (await new Auth.AuthClient(invoker).AuthenticateAsync(
                new AuthenticateRequest { Name = options.User, Password = options.ReadPassword() },
                new CallOptions(headers, deadline, cancellation)).ConfigureAwait(false)).Token;
            headers.Add("token", _token);
        }
        catch (RpcException e) when (EtcdFault.IsAuthenticationDisabled(e))
        {
            // An operator who enables it gives the user to all clients first: until then it counts for nothing.
        }

        return headers;
    }

    private CallInvoker Connect()
    {
        lock (_turn)
        {
            if (_channel is not null && (!options.IsSecure || clock.GetElapsedTime(_tlsReadAt) < TlsInterval))
                return _channel.CreateCallInvoker();
            try
            {
                _tlsReadAt = clock.GetTimestamp();
                var stamp = _tls.ReadStamp();
                if (_channel is null || stamp != _tlsStamp)
                {
                    var next = CreateChannel();
                    _channel?.Dispose(); // What is under way on it fails, and is repeated on the new one.
                    (_channel, _tlsStamp) = (next, stamp);
                }
            }
            catch (Exception e) when (_channel is not null && e is IOException or UnauthorizedAccessException or CryptographicException)
            {
                // They are being replaced one after the other: until they fit, those from before are used.
            }

            return _channel!.CreateCallInvoker();
        }
    }

    private GrpcChannel CreateChannel()
    {
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = options.Timeout,
            KeepAlivePingDelay = PingDelay,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            KeepAlivePingTimeout = PingTimeout,
            UseProxy = false,
        };
        if (options.IsSecure) handler.SslOptions = _tls.Load();
        return GrpcChannel.ForAddress(Endpoint, new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            InitialReconnectBackoff = FirstReconnectDelay,
            MaxReconnectBackoff = LongestReconnectDelay,
        });
    }
}
