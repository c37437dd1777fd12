using System.Net;
using GeoRegistry.Server.Tests.Configuration;
using GeoRegistry.TestKit;

namespace GeoRegistry.Server.Tests.Observability;

/// <summary>Traces and metrics are sent where OpenTelemetry's own variables say.</summary>
public sealed class TelemetryTests
{
    [Fact]
    public async Task OtlpEndpoint_WhenSet_GetsTracesAndMetrics()
    {
        await using var collector = new OtlpCollector();
        using var environment = new EnvironmentScope(
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Endpoint), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "200"), ("OTEL_BSP_SCHEDULE_DELAY", "100"));
        using var folder = new TemporaryFolder();
        await using var server = await RegistryProcess.StartAsync(folder.Path, "--region", "eu");
        using var http = server.CreateClient();
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("v2/")).StatusCode);
        await Waiting.UntilAsync("a trace of the request arrives", () => Task.FromResult(collector.Has("/v1/traces", "/v2/")));
        await Waiting.UntilAsync(
            "the request's duration arrives",
            () => Task.FromResult(collector.Has("/v1/metrics", "http.server.request.duration")));
        Assert.True(collector.Has("/v1/traces", "georegistry"), "Traces bear the service's name.");
        Assert.True(collector.Has("/v1/metrics", "georegistry.region"), "Metrics bear the region.");
    }

    [Fact]
    public async Task OtlpEndpoint_AtStop_GetsWhatIsLeft()
    {
        await using var collector = new OtlpCollector();
        using var environment = new EnvironmentScope(
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Endpoint), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "3600000"), ("OTEL_BSP_SCHEDULE_DELAY", "3600000"));
        using var folder = new TemporaryFolder();
        await using var server = await RegistryProcess.StartAsync(folder.Path);
        using var http = server.CreateClient();
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("v2/")).StatusCode);
        Assert.Equal(0, await server.StopAsync());
        Assert.True(collector.Has("/v1/traces", "/v2/"), "The trace was not sent at the stop.");
        Assert.True(collector.Has("/v1/metrics", "http.server.request.duration"), "The metrics were not sent at the stop.");
    }

    [Fact]
    public async Task Trace_OfARequest_SaysWhichRequestItWas()
    {
        await using var collector = await CollectAsync("v2/");
        Assert.True(collector.Has("/v1/traces", "http.request.method"), "The trace does not bear the request's method.");
        Assert.True(collector.Has("/v1/traces", "/v2/"), "The trace does not bear the request's path.");
    }

    [Fact]
    public async Task HealthChecks_AreNotTraced()
    {
        await using var collector = await CollectAsync("healthz/ready", "healthz/live", "v2/");
        Assert.True(collector.Has("/v1/traces", "/v2/"), "The request between was not traced.");
        Assert.False(collector.Has("/v1/traces", "/healthz"), "A health check was traced.");
    }

    [Fact]
    public async Task Metrics_OfTheProcess_AreSent()
    {
        await using var collector = await CollectAsync("v2/");
        foreach (var metric in new[] { "dotnet.gc.", "kestrel.", "georegistry." })
            Assert.True(collector.Has("/v1/metrics", metric), $"No metric {metric}* was sent.");
    }

    [Fact]
    public async Task OtlpEndpoint_WhenNobodyListens_ServesAndStops()
    {
        using var environment = new EnvironmentScope(("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"));
        using var folder = new TemporaryFolder();
        await using var server = await RegistryProcess.StartAsync(folder.Path);
        using var http = server.CreateClient();
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("v2/")).StatusCode);
        Assert.Equal(0, await server.StopAsync());
    }

    /// <summary>What a server sends that answers these requests and is stopped.</summary>
    private static async Task<OtlpCollector> CollectAsync(params string[] paths)
    {
        var collector = new OtlpCollector();
        using var environment = new EnvironmentScope(
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Endpoint), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"));
        using var folder = new TemporaryFolder();
        await using var server = await RegistryProcess.StartAsync(folder.Path);
        using var http = server.CreateClient();
        foreach (var path in paths) Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(path)).StatusCode);
        Assert.Equal(0, await server.StopAsync());
        return collector;
    }
}
