using GeoRegistry.Repositories.Metrics;
using GeoRegistry.Server.Configuration;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace GeoRegistry.Server;

/// <summary>Sends traces and metrics over OTLP, where an operator has said where to: by OpenTelemetry's own environment variables.</summary>
internal sealed class Telemetry : IDisposable
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    private static readonly string[] Meters =
        [RegistryMetrics.MeterName, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Net.Http", "System.Runtime"];

    private readonly IDisposable[] _providers;

    private Telemetry(params IDisposable[] providers) => _providers = providers;

    /// <summary>Starts sending, or does nothing where <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is not set: then no request pays for it.</summary>
    public static Telemetry Start(ServerConfiguration configuration)
    {
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Endpoint))) return new Telemetry();
        var resource = ResourceBuilder.CreateDefault()
            .AddService("georegistry")
            .AddAttributes([KeyValuePair.Create<string, object>("georegistry.region", configuration.Server.Region)]);
        return new Telemetry(
            Sdk.CreateTracerProviderBuilder().SetResourceBuilder(resource).AddSource("Microsoft.AspNetCore", "System.Net.Http").AddOtlpExporter().Build(),
            Sdk.CreateMeterProviderBuilder().SetResourceBuilder(resource).AddMeter(Meters).AddOtlpExporter().Build());
    }

    /// <summary>Sends what is left.</summary>
    public void Dispose()
    {
        foreach (var provider in _providers) provider.Dispose();
    }
}
