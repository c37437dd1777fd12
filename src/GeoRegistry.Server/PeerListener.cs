using GeoRegistry.FrontDoor.Peers;
using GeoRegistry.Replication.Peers;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace GeoRegistry.Server;

/// <summary>The listener for other regions: a server of its own, so that no request of a client can reach what it serves.</summary>
internal sealed class PeerListener : IHostedService, IAsyncDisposable
{
    /// <summary>
    /// How much of one transfer, and of all on a connection, may be received ahead: enough for fast links between far
    /// regions.
    /// </summary>
    private const int StreamWindowBytes = 4 * 1024 * 1024, ConnectionWindowBytes = 16 * 1024 * 1024;

    /// <summary>
    /// The largest head of a relayed request, in KiB, and the most headers. A client may send a target and headers of
    /// <see cref="RegionServer.MaxRequestHeadKiB"/> each and 100 headers; HTTP/2 counts 32 bytes more for each, and the relaying
    /// region adds its own. A head beyond the limit would end the connection and all requests on it.
    /// </summary>
    private const int MaxRequestHeadKiB = 4 * RegionServer.MaxRequestHeadKiB, MaxRequestHeaders = 200;

    /// <summary>Each region keeps a few; whoever opens more is none.</summary>
    private const int MaxConnections = 1000;

    private readonly WebApplication _app;

    public PeerListener(PeerOptions options, PeerApi api, IConfiguration configuration,
        IMemoryPoolFactory<byte> memory, ILoggerFactory loggers)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddInMemoryCollection(configuration.GetSection("Kestrel:Certificates").AsEnumerable());
        builder.Services.AddSingleton(loggers);
        builder.Services.AddSingleton(memory);
        builder.WebHost.UseUrls(options.Listen);
        RegionServer.ConfigureServer(builder.WebHost, MaxConnections);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http2);
            kestrel.Limits.MaxRequestHeaderCount = MaxRequestHeaders;
            kestrel.Limits.MaxRequestHeadersTotalSize = MaxRequestHeadKiB * 1024;
            kestrel.Limits.MaxRequestLineSize = MaxRequestHeadKiB * 1024;
            kestrel.Limits.Http2.MaxRequestHeaderFieldSize = MaxRequestHeadKiB * 1024;
            kestrel.Limits.Http2.MaxStreamsPerConnection = 1000;
            kestrel.Limits.Http2.InitialStreamWindowSize = StreamWindowBytes;
            kestrel.Limits.Http2.InitialConnectionWindowSize = ConnectionWindowBytes;
            // Relayed bodies are as slow as their clients, whom the client's listener limits.
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null; // A link between regions may be full.
        });
        _app = builder.Build();
        _app.Run(api.HandleAsync);
    }

    /// <summary>Where it listens.</summary>
    public IEnumerable<string> Urls => _app.Urls;

    public Task StartAsync(CancellationToken cancellationToken) => _app.StartAsync(cancellationToken);

    // Feeds never end by themselves: those who tail are told by the connection's end.
    public Task StopAsync(CancellationToken cancellationToken) => _app.StopAsync(new CancellationToken(canceled: true));

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
