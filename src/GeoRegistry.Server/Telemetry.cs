using System.Diagnostics.Metrics;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Repositories.Metrics;
using GeoRegistry.Resilience;
using GeoRegistry.Server.Configuration;
using GeoRegistry.Server.Metrics;
using Microsoft.Extensions.Logging.Console;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace GeoRegistry.Server;

/// <summary>
/// Sends traces and metrics over OTLP, where an operator has said where to by OpenTelemetry's own environment variables; and lets
/// Prometheus read the metrics, where an address for that is configured.
/// </summary>
internal static class Telemetry
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>The attribute of all that is sent, and the label of all that Prometheus reads.</summary>
    private const string RegionKey = "georegistry.region";

    /// <summary>The meter of the client of PostgreSQL: its connections.</summary>
    private const string PostgreSqlMeter = "Npgsql";

    /// <summary>What balancers ask every second says nothing as a trace.</summary>
    private const string HealthPaths = "/healthz";

    /// <summary>Adds what is asked for: where it is nothing, no request pays for it.</summary>
    /// <remarks>It hears the peer listener too, which is a host of its own: listeners are found by the process, not by the host.</remarks>
    public static IServiceCollection AddTelemetry(this IServiceCollection services, ServerConfiguration configuration)
    {
        var isSent = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Endpoint));
        var isRead = configuration.Server.MetricsListen.Length > 0;
        if (!isSent && !isRead) return services;
        var telemetry = services
            .AddOpenTelemetry()
            .ConfigureResource(resource => resource
                .AddService("georegistry")
                .AddAttributes([KeyValuePair.Create<string, object>(RegionKey, configuration.Server.Region)]))
            .WithMetrics(metrics =>
            {
                Measure(metrics);
                if (isSent) metrics.AddOtlpExporter();
                if (isRead) metrics.AddPrometheusExporter(prometheus => prometheus.ResourceConstantLabels = key => key == RegionKey);
            });
        if (configuration.IsAmongOthers) services.AddHostedService<StatusMetrics>();
        if (isRead) services.AddSingleton<MetricsListener>().AddHostedService(provider => provider.GetRequiredService<MetricsListener>());
        if (isSent) telemetry.WithTracing(Trace).Services.AddTracesToLogs();
        return services;
    }

    /// <summary>Has lines in the format that the configuration names, which the host's own choice would override.</summary>
    public static IServiceCollection AddLogFormat(this IServiceCollection services, IConfiguration configuration) =>
        services.PostConfigure<ConsoleLoggerOptions>(
            console => console.FormatterName = configuration["Logging:Console:FormatterName"] ?? console.FormatterName);

    private static void Measure(MeterProviderBuilder metrics) => metrics
        .AddMeter(RegistryMetrics.MeterName, Pipelines.MeterName, PostgreSqlMeter)
        .AddView(ViewOf)
        .AddAspNetCoreInstrumentation()
        .AddHttpClientInstrumentation()
        .AddRuntimeInstrumentation();

    private static MetricStreamConfiguration? ViewOf(Instrument instrument) => (instrument.Meter.Name, instrument.Name) switch
    {
        // The store has measured each of its calls itself, by the call's name and with what it waited for.
        (PostgreSqlMeter, var name) when name.StartsWith("db.client.operation.", StringComparison.Ordinal) =>
            MetricStreamConfiguration.Drop,

        // The number of the attempt is an attribute of theirs: a region that is away is tried again any number of times.
        (Pipelines.MeterName, "resilience.polly.strategy.attempt.duration" or "resilience.polly.pipeline.duration") =>
            new MetricStreamConfiguration { TagKeys = ["pipeline.name", "exception.type"] },
        _ => null,
    };

    private static void Trace(TracerProviderBuilder traces) => traces
        .AddAspNetCoreInstrumentation(server => server.Filter = http => !IsUntraced(http.Request.Path))
        .AddHttpClientInstrumentation()
        .AddSource(StoreCalls.SourceName)
        .AddOtlpExporter();

    private static bool IsUntraced(PathString path) =>
        path.StartsWithSegments(HealthPaths) || path.StartsWithSegments(MetricsListener.Path);

    /// <summary>Has lines that are logged within a request bear its trace and span, in whichever format the console has.</summary>
    private static void AddTracesToLogs(this IServiceCollection services) => services
        .Configure<LoggerFactoryOptions>(
            logs => logs.ActivityTrackingOptions = ActivityTrackingOptions.TraceId | ActivityTrackingOptions.SpanId)
        .Configure<SimpleConsoleFormatterOptions>(console => console.IncludeScopes = true)
        .Configure<JsonConsoleFormatterOptions>(console => console.IncludeScopes = true)
        .Configure<ConsoleFormatterOptions>(console => console.IncludeScopes = true);
}
