using GeoRegistry.Benchmarks.CommandLine;

namespace GeoRegistry.Benchmarks.Scenarios;

/// <summary>What every scenario gets.</summary>
internal sealed record ScenarioContext(BenchmarkOptions Options, CancellationToken CancellationToken);
