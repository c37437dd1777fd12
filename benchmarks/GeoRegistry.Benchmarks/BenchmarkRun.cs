using System.Diagnostics;
using GeoRegistry.Benchmarks.CommandLine;
using GeoRegistry.Benchmarks.Measuring;
using GeoRegistry.Benchmarks.Peers;
using GeoRegistry.Benchmarks.Reports;
using GeoRegistry.Benchmarks.Scenarios;

namespace GeoRegistry.Benchmarks;

/// <summary>Runs the scenarios one after the other, each with fresh servers that take turns in every round.</summary>
internal sealed class BenchmarkRun(BenchmarkOptions options, CancellationToken cancellationToken)
{
    /// <summary>Measures the chosen scenarios; progress goes to stderr.</summary>
    /// <returns>What was measured until the end or until it was stopped; a failed scenario says so and the next goes on.</returns>
    public IReadOnlyList<ScenarioResult> Run()
    {
        var results = new List<ScenarioResult>();
        foreach (var scenario in ScenarioCatalog.Create(new ScenarioContext(options, cancellationToken)).Where(IsChosen))
        {
            if (cancellationToken.IsCancellationRequested) break;
            Console.Error.WriteLine($"{scenario.Name}: {scenario.Title}");
            results.Add(Run(scenario));
        }

        return results;
    }

    private bool IsChosen(IScenario scenario) =>
        options.Only.Count == 0 || options.Only.Any(prefix => scenario.Name.StartsWith(prefix, StringComparison.Ordinal));

    private ScenarioResult Run(IScenario scenario)
    {
        var rounds = new List<(IPeer Peer, Measurement Measurement)>();
        using var factory = new PeerFactory(options, scenario.ServesFiles, cancellationToken);
        string? failure = null;
        try
        {
            foreach (var peer in factory.Peers) Prepare(scenario, peer);
            for (var round = 0; round < Math.Min(options.Rounds, scenario.MaxRounds); round++)
            {
                // Each second round goes the other way, so that no server always runs after the same one.
                foreach (var peer in round % 2 == 0 ? factory.Peers : factory.Peers.Reverse())
                    rounds.Add((peer, Measure(scenario, peer, round)));
            }
        }
        catch (Exception problem)
        {
            failure = cancellationToken.IsCancellationRequested ? "stopped" : problem.GetBaseException().Message;
            Console.Error.WriteLine($"    {failure}");
        }

        var peers = factory.Peers.Select(peer => new PeerResult(
            peer.Name, scenario.Work, [.. rounds.Where(round => round.Peer == peer).Select(round => round.Measurement)]));
        return new ScenarioResult(scenario, [.. peers], failure);
    }

    private void Prepare(IScenario scenario, IPeer peer)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var started = Stopwatch.GetTimestamp();
        peer.Start();
        scenario.Prepare(peer);
        Console.Error.WriteLine(FormattableString.Invariant(
            $"    {peer.Name} seeded and warm after {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s"));
    }

    private Measurement Measure(IScenario scenario, IPeer peer, int round)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var measurement = scenario.Measure(peer, round);
        var rate = measurement.Rate(scenario.Work);
        var p50 = measurement.Load.P50.TotalMilliseconds;
        Console.Error.WriteLine(FormattableString.Invariant(
            $"    round {round + 1} {peer.Name}: {rate:0.0}/s, p50 {p50:0.00} ms, CPU {measurement.CpuSeconds:0.00} s"));
        return measurement;
    }
}
