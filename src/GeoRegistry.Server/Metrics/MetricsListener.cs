using GeoRegistry.Server.Configuration;
using Microsoft.AspNetCore.Http.Features;
using OpenTelemetry.Metrics;

namespace GeoRegistry.Server.Metrics;

/// <summary>The listener for Prometheus: a server of its own, so that clients cannot read metrics.</summary>
internal sealed class MetricsListener : IHostedService, IAsyncDisposable
{
    /// <summary>Where the metrics are.</summary>
    public const string Path = "/metrics";

    private const int MaxConnections = 100;

    private readonly WebApplication _app;

    public MetricsListener(
        ServerConfiguration server, MeterProvider meters, IConfiguration configuration, ILoggerFactory loggers)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddInMemoryCollection(configuration.GetSection("Kestrel:Certificates").AsEnumerable());
        builder.Services.AddSingleton(loggers);
        builder.WebHost.UseUrls(server.Server.MetricsListen);
        RegionServer.ConfigureServer(builder.WebHost, MaxConnections);
        _app = builder.Build();
        _app.Use((http, next) =>
        {
            // Reading the metrics is none of what they tell of.
            if (http.Features.Get<IHttpMetricsTagsFeature>() is { } tags) tags.MetricsDisabled = true;
            return next(http);
        });
        _app.UseOpenTelemetryPrometheusScrapingEndpoint(
            meters, predicate: null, Path, configureBranchedPipeline: null, optionsName: null);
    }

    /// <summary>Where it listens.</summary>
    public IEnumerable<string> Urls => _app.Urls;

    public Task StartAsync(CancellationToken cancellationToken) => _app.StartAsync(cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => _app.StopAsync(cancellationToken);

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
