using System.Globalization;
using System.Text;
using GeoRegistry.Benchmarks.Measuring;
using GeoRegistry.Benchmarks.Peers;

namespace GeoRegistry.Benchmarks.Reports;

/// <summary>The results as markdown tables: what was measured, the targets, and the comparison with an earlier build.</summary>
internal static class MarkdownReport
{
    private const string Baseline = "docker-registry";
    private const string Ceiling = "nginx";

    public static string Render(IReadOnlyList<ScenarioResult> results)
    {
        var text = new StringBuilder();
        Line(text, $"| scenario | server | rate | p50 | p99 | server CPU | peak memory | vs {Baseline} | vs {Ceiling} |");
        Line(text, $"| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        foreach (var result in results) AppendRates(text, result);
        text.AppendLine();
        Line(text, $"| scenario | target | measured | verdict |");
        Line(text, $"| --- | --- | ---: | --- |");
        foreach (var result in results) AppendTargets(text, result);
        AppendComparison(text, results);
        foreach (var note in results.Select(result => result.Scenario.Note).OfType<string>().Distinct()) Line(text, $"\n{note}");
        foreach (var result in results.Where(result => result.Failure is not null))
            Line(text, $"\n{result.Scenario.Name} failed: {result.Failure}");
        return text.ToString();
    }

    private static void AppendRates(StringBuilder text, ScenarioResult result)
    {
        foreach (var peer in result.Peers.Where(peer => peer.Rounds.Count > 0))
        {
            var figures = $"{Rate(peer)} | {Time(peer.P50Seconds)} | {Time(peer.P99Seconds)} | {Cost(peer)}";
            var ratios = $"{Ratio(result, peer, Baseline)} | {Ratio(result, peer, Ceiling)}";
            Line(text, $"| {result.Scenario.Title} | {peer.Name} | {figures} | {peer.PeakMebibytes:0} MiB | {ratios} |");
        }
    }

    private static void AppendTargets(StringBuilder text, ScenarioResult result)
    {
        foreach (var target in result.Scenario.Targets)
        {
            var verdict = target.Verdict(result);
            var word = verdict switch { null => "not measured", { IsMet: true } => "met", _ => "**not met**" };
            Line(text, $"| {result.Scenario.Title} | {target.Text} | {verdict?.Measured ?? "–"} | {word} |");
        }
    }

    private static void AppendComparison(StringBuilder text, IReadOnlyList<ScenarioResult> results)
    {
        if (!results.Any(result => result.Of(GeoRegistryPeer.Before) is not null)) return;
        Line(text, $"\n| scenario | rate vs the earlier build | server CPU vs the earlier build |");
        Line(text, $"| --- | ---: | ---: |");
        foreach (var result in results)
        {
            if (result.Ratio(GeoRegistryPeer.Current, GeoRegistryPeer.Before) is not { } rate) continue;
            var cpu = result.CpuRatio(GeoRegistryPeer.Current, GeoRegistryPeer.Before);
            Line(text, $"| {result.Scenario.Title} | {rate:0.00}x | {cpu:0.00}x |");
        }
    }

    private static string Rate(PeerResult peer) => peer.Work switch
    {
        Work.Requests => Format($"{peer.Rate:#,0} requests/s"),
        Work.Images => Format($"{peer.Rate:#,0} images/s"),
        Work.Bytes => Format($"{peer.Rate:#,0} MiB/s"),
        _ => "–",
    };

    private static string Cost(PeerResult peer) => peer.Work switch
    {
        Work.Requests => Format($"{peer.CpuCost:0.000} s per 1,000 requests"),
        Work.Images => Format($"{peer.CpuCost:0.00} s per 1,000 images"),
        Work.Bytes => Format($"{peer.CpuCost:0.00} s per GiB"),
        _ => Format($"{peer.CpuCost:0.00} s"),
    };

    private static string Time(double seconds) => seconds switch
    {
        < 0.001 => Format($"{seconds * 1_000_000:0} µs"),
        < 0.1 => Format($"{seconds * 1000:0.0} ms"),
        < 1 => Format($"{seconds * 1000:0} ms"),
        _ => Format($"{seconds:0.00} s"),
    };

    private static string Ratio(ScenarioResult result, PeerResult peer, string other) =>
        peer.Name != other && result.Ratio(peer.Name, other) is { } ratio ? Format($"{ratio:0.00}x") : "";

    private static void Line(StringBuilder text, FormattableString line) => text.AppendLine(Format(line));

    private static string Format(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
