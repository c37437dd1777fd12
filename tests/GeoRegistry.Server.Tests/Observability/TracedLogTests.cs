using System.Diagnostics;
using System.Net;
using GeoRegistry.Server.Tests.Clients;
using GeoRegistry.Server.Tests.Configuration;
using GeoRegistry.TestKit;

namespace GeoRegistry.Server.Tests.Observability;

/// <summary>What is logged within a request bears the request's trace.</summary>
public sealed class TracedLogTests
{
    [Theory]
    [InlineData("simple", "TraceId:{0}")]
    [InlineData("json", "\"TraceId\":\"{0}\"")]
    public async Task LineOfARequest_WhenTracesAreSent_BearsItsTrace(string format, string form)
    {
        await using var collector = new OtlpCollector();
        using var environment = new EnvironmentScope(
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Endpoint), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"));
        var trace = ActivityTraceId.CreateRandom();

        var output = await FailARequestAsync(trace, "--Logging:Console:FormatterName", format);

        Assert.Contains(string.Format(null, form, trace), output, StringComparison.Ordinal);
        Assert.All(
            output.Split('\n').Where(line => line.Contains("TraceId:", StringComparison.Ordinal)),
            line => Assert.Contains($"{trace}", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task LineOfARequest_WhenTracesAreNotSent_HasNoMoreThanBefore()
    {
        var output = await FailARequestAsync(ActivityTraceId.CreateRandom());

        Assert.DoesNotContain("=>", output, StringComparison.Ordinal);
        Assert.DoesNotContain("TraceId:", output, StringComparison.Ordinal);
    }

    /// <summary>Asks for a blob that was lost, which the server logs as its fault.</summary>
    /// <returns>All that the server wrote.</returns>
    private static async Task<string> FailARequestAsync(ActivityTraceId trace, params string[] arguments)
    {
        using var folder = new TemporaryFolder();
        await using var server = await RegistryProcess.StartAsync(
            folder.Path, ["--GeoRegistry:Repositories:CachedBlobMaxKiB", "0", .. arguments]);
        using var http = server.CreateClient();
        var repository = new RepositoryClient(http, "team/app");
        var digest = await repository.PushBlobAsync("lost"u8.ToArray());
        foreach (var file in Directory.GetFiles(folder.Path, $"{digest.Hex}", SearchOption.AllDirectories)) File.Delete(file);
        using var request = new HttpRequestMessage(HttpMethod.Get, repository.BlobPath(digest));
        request.Headers.Add("traceparent", $"00-{trace}-{ActivitySpanId.CreateRandom()}-01");
        Assert.Equal(HttpStatusCode.InternalServerError, (await http.SendAsync(request)).StatusCode);
        Assert.Equal(0, await server.StopAsync());
        Assert.Contains("failed (trace", server.Output, StringComparison.Ordinal);
        return server.Output;
    }
}
