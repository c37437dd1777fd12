using System.Diagnostics;
using System.Text;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.TestKit;

namespace GeoRegistry.Cluster.Tests.Peers;

/// <summary>A request that two regions work on is one trace.</summary>
public sealed class TraceTests
{
    [Fact]
    public async Task Trace_OfARelayedRequest_HasTheSpansOfBothRegions()
    {
        await using var collector = new OtlpCollector();
        await using var cluster = await RegionCluster.StartAsync(new ClusterPlan
        {
            Regions = ["eu", "us"],
            Homes = [new("", "eu")],
            Runner = _ =>
            [
                "env", $"OTEL_EXPORTER_OTLP_ENDPOINT={collector.Endpoint}", "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
                "OTEL_BSP_SCHEDULE_DELAY=100",
            ],
        });
        var (trace, span) = (ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom());

        await cluster["us"].Client.SendAsync(
            HttpMethod.Get, "/v2/team/app/tags/list", headers: headers => headers.Add("traceparent", $"00-{trace}-{span}-01"));

        await ArrivesAsync("us", "tags/list");
        await ArrivesAsync("eu", "tags/list");
        // The part of the region that was asked names the one that answered. It comes after that region's call of the other.
        await ArrivesAsync("us", Attribute("georegistry.served_by", "eu"));

        Task ArrivesAsync(string region, string part) => Waiting.UntilAsync($"a span of {region} with {part} arrives", () =>
            Task.FromResult(collector.Has("/v1/traces", BytesOf(trace), Attribute("georegistry.region", region), part)));
    }

    private static string BytesOf(ActivityTraceId trace)
    {
        Span<byte> bytes = stackalloc byte[16];
        trace.CopyTo(bytes);
        return Encoding.Latin1.GetString(bytes);
    }

    // The attribute as Protocol Buffers write it: the key, and a value that holds a string.
    private static string Attribute(string name, string value) =>
        $"{name}\u0012{(char)(value.Length + 2)}\u000a{(char)value.Length}{value}";
}
