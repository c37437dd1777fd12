using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.TestKit;
using Xunit.Abstractions;

namespace GeoRegistry.Cluster.Tests.Monitoring;

/// <summary>The dashboard and the alerts of <c>cluster-config/monitoring</c> ask for what real servers say.</summary>
public sealed partial class MonitoringTests(ITestOutputHelper output)
{
    /// <summary>Prometheus makes them itself.</summary>
    private static readonly string[] OfPrometheus = ["up", "ALERTS"];

    /// <summary>Prometheus adds them, or a series has them only once a call has failed.</summary>
    private static readonly string[] NotInEveryAnswer = ["job", "instance", "alertstate", "alertname", "error_type"];

    private static readonly string Folder = Path.Combine(SourceTree.Root, "cluster-config", "monitoring");

    private static IReadOnlyList<string> Alerts =>
        [.. AlertExpression().Matches(Read("alerts.yml")).Select(match => match.Groups[1].Value)];

    [Fact]
    public async Task DashboardAndAlerts_AskForSeriesThatServersHave()
    {
        await using var cluster = await RegionCluster.StartAsync(new ClusterPlan
        {
            Regions = ["eu", "us"],
            Homes = [new("", "eu")],
            Options = new Dictionary<string, string> { ["GeoRegistry:MetricsListen"] = "http://127.0.0.1:0" },
        });
        var image = TestImage.Next(Seeds.Next(output), 1000);
        await cluster.WaitUntilConvergedAsync();
        await cluster["us"].Client.PushAsync("team/app", "1", image);
        await cluster["eu"].Client.PushAsync("team/app", "2", TestImage.Next(Seeds.Next(output), 1000));
        await cluster.WaitUntilConvergedAsync();
        foreach (var region in cluster.Regions) await region.Client.PullExactlyAsync("team/app", "1", image);

        await Waiting.UntilAsync("each region says that it holds a lease of the other and follows it", async () =>
            (await ReadAsync(cluster["eu"])).Has("georegistry_lease_held", "source=\"us\"", "} 1")
            && (await ReadAsync(cluster["us"])).Has("georegistry_lease_held", "source=\"eu\"", "} 1")
            && (await ReadAsync(cluster["us"])).Has("georegistry_replication_state", "source=\"eu\"", "state=\"live\"", "} 1"));
        PrometheusMetrics[] metrics = [await ReadAsync(cluster["eu"]), await ReadAsync(cluster["us"])];

        Assert.True(Alerts.Count > 10 && Panels().Count > 20, "The expressions were not found in the files.");
        foreach (var (series, labels) in Alerts.Concat(Panels()).SelectMany(PromQl.SeriesOf))
        {
            if (OfPrometheus.Contains(series)) continue;
            string[] needed = [.. labels.Except(NotInEveryAnswer).Select(label => $"{label}=\"")];
            Assert.True(metrics.Any(region => region.Has(series, needed)), $"No region has {series} with {string.Join(", ", needed)}.");
        }

        var reference = File.ReadAllText(Path.Combine(SourceTree.Root, "docs", "observability.md"));
        var documented = OpenTelemetryName().Matches(reference).Select(match => match.Groups[1].Value.Replace('.', '_')).ToHashSet();
        var said = metrics.SelectMany(region => region.Names).Where(name => name.StartsWith("georegistry_", StringComparison.Ordinal));
        Assert.All(said, name => Assert.True(
            documented.Any(known => name.StartsWith(known, StringComparison.Ordinal) && UnitAndKind().IsMatch(name[known.Length..])),
            $"docs/observability.md does not list {name}."));
    }

    [Fact]
    public void Alerts_AreInTheReference()
    {
        var reference = File.ReadAllText(Path.Combine(SourceTree.Root, "docs", "observability.md"));
        var names = AlertName().Matches(Read("alerts.yml")).Select(match => match.Groups[1].Value).ToArray();

        Assert.Equal(Alerts.Count, names.Length);
        Assert.All(names, name => Assert.Contains($"| `{name}` |", reference, StringComparison.Ordinal));
        Assert.All(names, name => Assert.Contains($"alertname: {name}", Read("alerts.test.yml"), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("check", "rules", "alerts.yml")]
    [InlineData("check", "config", "prometheus.yml")]
    [InlineData("test", "rules", "alerts.test.yml")]
    public async Task Files_AskedOfPromtool_AreValidAndAlertAsTheirTestsSay(params string[] arguments)
    {
        using var promtool = Process.Start(new ProcessStartInfo("promtool", arguments)
        {
            WorkingDirectory = Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var said = Task.WhenAll(promtool.StandardOutput.ReadToEndAsync(), promtool.StandardError.ReadToEndAsync());
        await promtool.WaitForExitAsync().OrFail("promtool ends");

        Assert.True(promtool.ExitCode == 0, string.Concat(await said));
    }

    private static Task<PrometheusMetrics> ReadAsync(ClusterRegion region) =>
        PrometheusMetrics.ReadAsync(region.Http, new Uri(MetricsAddress().Match(region.Output).Groups[1].Value));

    private static string Read(string file) => File.ReadAllText(Path.Combine(Folder, file));

    private static IReadOnlyList<string> Panels()
    {
        using var dashboard = JsonDocument.Parse(Read("dashboard.json"));
        return
        [
            .. from panel in dashboard.RootElement.GetProperty("panels").EnumerateArray()
               where panel.GetProperty("type").GetString() != "row"
               from target in panel.GetProperty("targets").EnumerateArray()
               select target.GetProperty("expr").GetString(),
        ];
    }

    [GeneratedRegex(@"^ +expr: (.+)$", RegexOptions.Multiline)]
    private static partial Regex AlertExpression();

    [GeneratedRegex(@"^ +- alert: (\w+)$", RegexOptions.Multiline)]
    private static partial Regex AlertName();

    [GeneratedRegex(@"serves its metrics on (http:\S+)/metrics")]
    private static partial Regex MetricsAddress();

    [GeneratedRegex(@"`(georegistry\.[a-z_.]+)`")]
    private static partial Regex OpenTelemetryName();

    [GeneratedRegex("^(_seconds|_bytes)?(_total|_bucket|_sum|_count)?$")]
    private static partial Regex UnitAndKind();
}
