using System.CommandLine;
using GeoRegistry.Cli.Api;
using GeoRegistry.Cli.Output;
using Spectre.Console.Rendering;

namespace GeoRegistry.Cli.Receipts;

/// <summary><c>georegistry receipt wait</c>: waits until a push is complete.</summary>
internal static class WaitCommand
{
    private const string Complete = "complete", Excluded = "excluded";

    /// <summary>The longest that one request may wait.</summary>
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(60);

    /// <summary>Between requests that the API answered before their time, since a region is unreachable.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public static Command Create(ApiCommands api)
    {
        var receipt = new Argument<string>("RECEIPT")
        {
            Description = "The receipt, such as eu-7f3a9c01-1234: the header GeoRegistry-Receipt of a push.",
        };
        var region = ApiCommands.RegionOption("Only in this region. Without it: in every region that the repository may be in.");
        var timeout = new Option<TimeSpan>("--timeout")
        {
            Description = "How long to wait, such as 500ms, 30s or 2m.",
            HelpName = "TIME",
            CustomParser = Durations.Parse,
            DefaultValueFactory = _ => TimeSpan.FromSeconds(30),
        };
        var command = new Command(
            "wait",
            "Waits until a push is complete: its manifest applied and all its blobs stored. Exit code 3 where it is not in time.")
        {
            receipt, region, timeout,
        };
        command.SetAction((parsed, cancellation) => WaitAsync(
            api,
            parsed,
            parsed.GetRequiredValue(receipt),
            parsed.GetValue(region),
            parsed.GetValue(timeout),
            TimeProvider.System,
            cancellation));
        return command;
    }

    private static async Task<int> WaitAsync(
        ApiCommands api, ParseResult parsed, string receipt, string? region, TimeSpan timeout, TimeProvider time,
        CancellationToken cancellation)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            var left = timeout - time.GetElapsedTime(began);
            var wait = left < MaxWait ? left : MaxWait;
            var target = Target.Of($"/api/v1/receipts/{Uri.EscapeDataString(receipt)}", ("region", region),
                ("wait", $"{Math.Max(0, (long)wait.TotalMilliseconds)}ms"));
            var (report, json, code) = await api.AskAsync(parsed, HttpMethod.Get, target, ApiJson.Default.ReceiptReport, cancellation);
            if (report is null) return code;
            var done = report.Regions.All(IsDone);
            left = timeout - time.GetElapsedTime(began);
            if (done || left <= TimeSpan.Zero || region is not null && report.Regions.All(other => other.State == Excluded))
            {
                api.Show(parsed, json, () => Render(report));
                if (done) return ExitCode.Done;
                var others = report.Regions.Where(other => !IsDone(other)).Select(other => $"{other.Region} is {other.State}");
                api.Console.Say($"Not complete: {string.Join(", ", others)}.");
                return ExitCode.NotComplete;
            }

            await Task.Delay(left < Pause ? left : Pause, time, cancellation);
        }

        // A region that the repository may not be in is not waited for, unless it is the one that was asked about.
        bool IsDone(ReceiptRegion other) => other.State == Complete || other.State == Excluded && region is null;
    }

    private static IRenderable Render(ReceiptReport report)
    {
        var table = Tables.Of("receipt", "region", "state");
        foreach (var region in report.Regions) table.Add(report.Receipt, region.Region, region.State);
        return table;
    }
}

/// <summary>What <c>GET /api/v1/receipts/{receipt}</c> answers.</summary>
internal sealed record ReceiptReport(string Receipt, IReadOnlyList<ReceiptRegion> Regions);

/// <summary>A push in one region: <c>complete</c>, <c>pending</c>, <c>unreachable</c>, <c>excluded</c> or <c>orphaned</c>.</summary>
internal sealed record ReceiptRegion(string Region, string State);
