using GeoRegistry.Repositories.Metrics;
using GeoRegistry.Resilience;
using GeoRegistry.Server.Configuration;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace GeoRegistry.Server;

/// <summary>
/// Sends traces and metrics over OTLP, where an operator has said where to: by OpenTelemetry's own environment variables.
/// </summary>
internal static class Telemetry
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>What balancers ask every second says nothing as a trace.</summary>
    private const string HealthPaths = "/healthz";

    /// <summary>Adds what sends, or nothing where <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is not set: then no request pays for it.</summary>
    /// <remarks>It hears the peer listener too, which is a host of its own: listeners are found by the process, not by the host.</remarks>
    public static IServiceCollection AddTelemetry(this IServiceCollection services, ServerConfiguration configuration)
    {
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Endpoint))) return services;
        services
            .AddOpenTelemetry()
            .ConfigureResource(resource => resource
                .AddService("georegistry")
                .AddAttributes([KeyValuePair.Create<string, object>("georegistry.region", configuration.Server.Region)]))
            .WithTracing(traces => traces
                .AddAspNetCoreInstrumentation(server => server.Filter = http => !http.Request.Path.StartsWithSegments(HealthPaths))
                .AddHttpClientInstrumentation()
                .AddOtlpExporter())
            .WithMetrics(metrics => metrics
                .AddMeter(RegistryMetrics.MeterName, Pipelines.MeterName)
                .AddAspNetCoreInstrumentation()
                .AddHttpClientInstrumentation()
                .AddRuntimeInstrumentation()
                .AddOtlpExporter());
        return services;
    }
}
