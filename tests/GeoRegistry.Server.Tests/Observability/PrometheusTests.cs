using System.Net;
using System.Net.Sockets;
using GeoRegistry.Server.Tests.Configuration;
using GeoRegistry.TestKit;

namespace GeoRegistry.Server.Tests.Observability;

/// <summary>Prometheus reads a server's metrics on a port of its own, whether they are sent by OTLP or not.</summary>
public sealed class PrometheusTests
{
    private const string Option = "--GeoRegistry:MetricsListen";

    [Fact]
    public async Task Metrics_AreReadOnAPortOfTheirOwnAndNotOnTheClients()
    {
        var listener = new Uri($"http://127.0.0.1:{FreePorts.Take()}");
        using var folder = new TemporaryFolder();
        await using var server = await RegistryProcess.StartAsync(folder.Path, Option, listener.GetLeftPart(UriPartial.Authority));
        using var http = server.CreateClient();
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync("v2/team/app/manifests/1")).StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, (await http.PostAsync("v2/team/app/blobs/uploads/", null)).StatusCode);

        var metrics = await PrometheusMetrics.ReadAsync(http, listener);

        Assert.True(metrics.Has("http_server_request_duration_seconds_count", "http_response_status_code=\"404\""));
        Assert.True(metrics.Has("db_client_operation_duration_seconds_count", "db_operation_name=\"FindTag\"", "db_system_name="));
        Assert.True(metrics.Has(
            "georegistry_blob_store_operation_duration_seconds_count", "operation=\"BeginUpload\"", "store=\"files\""));
        Assert.True(metrics.Has("georegistry_cache_reads_total", "cache=\"manifests\"", "outcome=\"miss\""));
        Assert.False(metrics.Has("http_server_request_duration_seconds_count", "team/app"), "A path is an attribute.");
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync("metrics")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync(new Uri(listener, "/v2/"))).StatusCode);
        Assert.Contains($"serves its metrics on {listener}metrics", server.Output, StringComparison.Ordinal);
        Assert.Equal(0, await server.StopAsync());
    }

    [Fact]
    public async Task PortInUse_ExitsOneAndNamesTheAddress()
    {
        using var folder = new TemporaryFolder();
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();

        var run = await ServerCommand.RunAsync(
            "--listen", "http://127.0.0.1:0", "--data", folder.Path, Option, $"http://{holder.LocalEndpoint}");

        Assert.Equal(ExitCode.CouldNotStart, run.ExitCode);
        Assert.Contains($"{holder.LocalEndpoint}", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AddressIsNone_ExitsTwoAndNamesTheOption()
    {
        using var folder = new TemporaryFolder();

        var run = await ServerCommand.RunAsync("--data", folder.Path, Option, "9464");

        Assert.Equal(ExitCode.InvalidConfiguration, run.ExitCode);
        Assert.Contains("GeoRegistry:MetricsListen: '9464' is not an address", run.Error, StringComparison.Ordinal);
    }
}
