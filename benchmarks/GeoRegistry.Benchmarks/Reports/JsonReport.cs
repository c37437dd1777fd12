using System.Text.Json;
using GeoRegistry.Benchmarks.CommandLine;
using GeoRegistry.Benchmarks.Measuring;
using GeoRegistry.Benchmarks.Peers;

namespace GeoRegistry.Benchmarks.Reports;

/// <summary>The results with every round as JSON; times in seconds, sizes in bytes.</summary>
internal static class JsonReport
{
    private static readonly JsonSerializerOptions Indented = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static void Write(string file, BenchmarkOptions options, IReadOnlyList<ScenarioResult> results)
    {
        var report = new
        {
            machine = new { processors = Environment.ProcessorCount, system = Environment.OSVersion.VersionString },
            options.ReusePort,
            roundSeconds = options.RoundTime.TotalSeconds,
            scenarios = results.Select(Scenario),
        };
        File.WriteAllText(file, JsonSerializer.Serialize(report, Indented) + "\n");
    }

    private static object Scenario(ScenarioResult result) => new
    {
        result.Scenario.Name,
        result.Scenario.Title,
        work = result.Scenario.Work.ToString(),
        result.Failure,
        peers = result.Peers.Where(peer => peer.Rounds.Count > 0).Select(peer => new
        {
            peer.Name,
            peer.Rate,
            peer.P50Seconds,
            peer.P99Seconds,
            cpuSeconds = peer.CpuCost,
            peakBytes = peer.Rounds.Max(round => round.PeakBytes),
            rounds = peer.Rounds.Select(Round),
        }),
        ratios = result.Peers
            .Select(peer => new { other = peer.Name, ratio = result.Ratio(GeoRegistryPeer.Current, peer.Name) })
            .Where(pair => pair.ratio is not null),
        targets = result.Scenario.Targets
            .Select(target => new { target.Text, target.Verdict(result)?.Measured, target.Verdict(result)?.IsMet }),
    };

    private static object Round(Measurement round) => new
    {
        elapsedSeconds = round.Load.Elapsed.TotalSeconds,
        round.Load.Operations,
        round.Load.Bytes,
        p50Seconds = round.Load.P50.TotalSeconds,
        p99Seconds = round.Load.P99.TotalSeconds,
        round.CpuSeconds,
        round.PeakBytes,
    };
}
