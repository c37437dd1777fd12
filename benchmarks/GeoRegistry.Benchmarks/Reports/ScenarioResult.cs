using GeoRegistry.Benchmarks.Measuring;
using GeoRegistry.Benchmarks.Scenarios;

namespace GeoRegistry.Benchmarks.Reports;

/// <summary>All rounds of a scenario.</summary>
/// <param name="Scenario">What was measured.</param>
/// <param name="Peers">The servers in the order of each round.</param>
/// <param name="Failure">Why it ended early; null where it did not.</param>
internal sealed record ScenarioResult(IScenario Scenario, IReadOnlyList<PeerResult> Peers, string? Failure)
{
    public PeerResult? Of(string name) => Peers.FirstOrDefault(peer => peer.Name == name && peer.Rounds.Count > 0);

    /// <summary>The median over the rounds of one server's rate divided by another's; null where one of them has none.</summary>
    public double? Ratio(string name, string other) => Ratio(name, other, round => round.Rate(Scenario.Work));

    /// <summary>The median over the rounds of one server's CPU cost divided by another's; null where one of them has none.</summary>
    public double? CpuRatio(string name, string other) => Ratio(name, other, round => round.CpuCost(Scenario.Work));

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private double? Ratio(string name, string other, Func<Measurement, double> of) =>
        Of(name) is { } mine && Of(other) is { } theirs ? Median(mine.Rounds.Zip(theirs.Rounds, (a, b) => of(a) / of(b))) : null;
}

/// <summary>All rounds of a scenario against one server.</summary>
internal sealed record PeerResult(string Name, Work Work, IReadOnlyList<Measurement> Rounds)
{
    public double Rate => Median(round => round.Rate(Work));

    public double CpuCost => Median(round => round.CpuCost(Work));

    public double P50Seconds => Median(round => round.Load.P50.TotalSeconds);

    public double P99Seconds => Median(round => round.Load.P99.TotalSeconds);

    /// <summary>The greatest of all rounds.</summary>
    public double PeakMebibytes => Rounds.Max(round => round.PeakBytes) / (1024.0 * 1024);

    private double Median(Func<Measurement, double> select) => ScenarioResult.Median(Rounds.Select(select));
}
