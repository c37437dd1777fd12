using System.Diagnostics;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.TestKit;
using Xunit.Abstractions;

namespace GeoRegistry.Cluster.Tests.Peers;

/// <summary>What two regions work on is one trace, their stores' calls included.</summary>
[Trait("Stores", "embedded")]
public sealed class TraceTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const string Lazy = "lazy/app", Here = "us", Home = "eu";

    private readonly OtlpCollector _collector = new();
    private readonly ActivityTraceId _trace = ActivityTraceId.CreateRandom();
    private readonly ActivitySpanId _client = ActivitySpanId.CreateRandom();
    private RegionCluster _cluster = null!;
    private HttpClient _http = null!;

    public async Task InitializeAsync()
    {
        _cluster = await RegionCluster.StartAsync(new ClusterPlan
        {
            Regions = [Home, Here],
            Homes = [new("", Home)],
            Policies = [new("lazy") { Hydration = "lazy" }],
            Runner = _ =>
            [
                "env", $"OTEL_EXPORTER_OTLP_ENDPOINT={_collector.Endpoint}", "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
                "OTEL_BSP_SCHEDULE_DELAY=100",
            ],
        });

        await _cluster.WaitUntilConvergedAsync();

        // Every request of this client is of one trace, as a build system makes them.
        _http = new HttpClient { BaseAddress = _cluster[Here].Address };
        _http.DefaultRequestHeaders.Add("traceparent", $"00-{_trace}-{_client}-01");
    }

    public async Task DisposeAsync()
    {
        _http?.Dispose();
        if (_cluster is not null) await _cluster.DisposeAsync();
        await _collector.DisposeAsync();
    }

    [Fact]
    public async Task Push_ThatIsForwarded_IsOneTraceFromTheClientToTheHomesStore()
    {
        await new RegionClient(Here, _http).PushAsync("team/app", "1", TestImage.Next(Seeds.Next(output), 1000));

        var append = await ArrivesAsync(span => span.Region == Home && span.Name == "sqlite Append");
        await WayAsync(append, "manifests/1", withOther: true);
        var commit = await ArrivesAsync(span => span.Region == Here && span.Name == "blobs CommitUpload");
        await WayAsync(commit, "blobs/uploads/", withOther: false);
    }

    [Fact]
    public async Task Pull_ThatReadsThrough_IsOneTraceFromTheClientToTheOtherRegionsStore()
    {
        var image = TestImage.Next(Seeds.Next(output), 1000);
        await _cluster[Home].Client.PushAsync(Lazy, "1", image);

        await new RegionClient(Here, _http).PullExactlyAsync(Lazy, "1", image);

        foreach (var blob in image.Blobs)
        {
            var open = await ArrivesAsync(span => span.Region == Home && span.Name == "blobs OpenRange" && IsBelow(span, blob.Digest));
            await WayAsync(open, blob.Digest, withOther: true);
        }

        var stored = await ArrivesAsync(span => span.Region == Here && span.Name == "blobs CommitUpload");
        await WayAsync(stored, "blobs/sha256:", withOther: false);
    }

    private bool IsBelow(ReceivedSpan span, string path)
    {
        var spans = Spans();
        for (var above = span; above is not null; above = spans.FirstOrDefault(other => other.Id == above.Parent))
        {
            if (PathOf(above).Contains(path, StringComparison.Ordinal)) return true;
        }

        return false;
    }

    /// <summary>The spans between a span and the client are there, each below the next one's.</summary>
    private async Task WayAsync(ReceivedSpan span, string path, bool withOther)
    {
        List<ReceivedSpan> way = [span];
        while (way[^1].Parent != $"{_client}") way.Add(await ArrivesAsync(above => above.Id == way[^1].Parent));
        output.WriteLine(string.Join("\n  below ", way.Select(part => $"{part.Region}: {part.Name} {PathOf(part)}")));
        Assert.Equal(withOther ? [Home, Here] : [Here], way.Select(part => part.Region).Distinct());
        Assert.Contains(path, PathOf(way[^1]), StringComparison.Ordinal);
        if (withOther) Assert.Equal(Home, way[^1].Attributes.GetValueOrDefault("georegistry.served_by"));
    }

    private Task<ReceivedSpan> ArrivesAsync(Func<ReceivedSpan, bool> isIt) => Waiting.UntilAsync(
        "the span arrives", () => Task.FromResult(Spans().FirstOrDefault(isIt)));

    private IReadOnlyList<ReceivedSpan> Spans() => [.. _collector.Spans.Where(span => span.Trace == $"{_trace}")];

    private static string PathOf(ReceivedSpan span) =>
        span.Attributes.GetValueOrDefault("url.path") ?? span.Attributes.GetValueOrDefault("url.full", "");
}
