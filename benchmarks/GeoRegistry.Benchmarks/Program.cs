using GeoRegistry.Benchmarks;
using GeoRegistry.Benchmarks.CommandLine;
using GeoRegistry.Benchmarks.Reports;
using GeoRegistry.Benchmarks.Scenarios;

// 0: measured, whatever the verdicts; 1: a scenario failed; 2: bad usage; 130: stopped by a signal.
if (args.Contains("--help") || args.Contains("-h"))
{
    Console.Out.Write(BenchmarkOptions.Help);
    return 0;
}

if (BenchmarkOptions.Parse(args, out var problem) is not { } options)
{
    Console.Error.WriteLine(problem);
    Console.Error.WriteLine("benchmarks/run --help tells the options.");
    return 2;
}

using var signals = new StopSignals();
if (options.List)
{
    foreach (var scenario in ScenarioCatalog.Create(new ScenarioContext(options, signals.Token)))
        Console.Out.WriteLine($"{scenario.Name,-24}{scenario.Title}");
    return 0;
}

var results = new BenchmarkRun(options, signals.Token).Run();
Console.Out.Write(MarkdownReport.Render(results));
if (options.OutputFile is { } file) JsonReport.Write(file, options, results);
if (signals.Token.IsCancellationRequested) return 130;
return results.Any(result => result.Failure is not null) ? 1 : 0;
