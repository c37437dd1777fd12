using System.CommandLine;
using GeoRegistry.Cli.Api;
using GeoRegistry.Cli.Output;
using Spectre.Console.Rendering;

namespace GeoRegistry.Cli.Replication;

/// <summary><c>georegistry replication verify</c>: has every region check all that it has, now.</summary>
internal static class VerifyCommand
{
    private const string Path = "/api/v1/replication/verify";

    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    /// <summary>How long what is found may take to be repaired before the command ends without it.</summary>
    private static readonly TimeSpan RepairTime = TimeSpan.FromMinutes(1);

    public static Command Create(ApiCommands api)
    {
        var region = ApiCommands.RegionOption("Only this region. Without it: all.");
        var repair = new Option<bool>("--repair") { Description = "Also repairs what is found, from the other regions." };
        var command = new Command("verify", """
        Checks now the metadata and blobs of every region, and compares the regions.

        Regions do the same all the time, slowly, and repair what they find. Without --repair, this command only finds: metadata is
        left as it is until their own next pass, seconds later. A damaged blob is never served, so its file is set aside in either case.
        Exit code 3 where something was found that is not repaired, or a region did not answer or could not compare all.
        """)
        {
            region,
            repair,
        };
        command.SetAction((parsed, cancellation) => RunAsync(api, parsed, parsed.GetValue(region), parsed.GetValue(repair), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(ApiCommands api, ParseResult parsed, string? region, bool repairs,
        CancellationToken cancellation)
    {
        var (asked, json, code) = await api.AskAsync(
            parsed,
            HttpMethod.Post,
            Target.Of(Path, ("region", region), ("repair", repairs ? "true" : null)),
            ApiJson.Default.VerificationReport,
            cancellation);
        if (asked is null) return code;
        var passes = asked.Regions.ToDictionary(row => row.Region, row => row.Requested);
        var report = asked;
        var isIncomplete = false; // Another pass may begin before all is repaired, and say nothing of this one.
        for (DateTimeOffset? ended = null; !IsDone(ref ended);)
        {
            await Task.Delay(PollInterval, TimeProvider.System, cancellation);
            var target = Target.Of(Path, ("region", region));
            (var next, json, code) = await api.AskAsync(parsed, HttpMethod.Get, target, ApiJson.Default.VerificationReport, cancellation);
            if (next is null) return code;
            report = next;
            isIncomplete |= report.Regions.Any(
                row => row.HasAnswered && row.Error is not null && row.Completed >= passes.GetValueOrDefault(row.Region));
            foreach (var row in report.Regions) api.Console.Say(Progress(row));
        }

        api.Show(parsed, json, () => Render(report));
        isIncomplete |= report.Regions.Any(row => row.Error is not null || row.Found > row.Repaired);
        return isIncomplete ? ExitCode.NotComplete : ExitCode.Done;

        bool IsDone(ref DateTimeOffset? ended)
        {
            if (report.Regions.Any(row => row.HasAnswered && row.Completed < passes.GetValueOrDefault(row.Region))) return false;
            ended ??= TimeProvider.System.GetUtcNow();
            return !repairs
                || report.Regions.All(row => row.Found == row.Repaired)
                || TimeProvider.System.GetUtcNow() - ended > RepairTime;
        }
    }

    private static string Progress(VerificationRow row) => row.Error is not null
        ? $"{row.Region}: {row.Error}"
        : $"{row.Region}: {Humanize.Count(row.Ledgers, "ledger")}, {Humanize.Count(row.Blobs, "blob")}, {Humanize.Size(row.Bytes)}; "
            + $"{row.Found} found, {row.Repaired} repaired";

    internal static IRenderable Render(VerificationReport report)
    {
        var table = Tables.Of("region", "ledgers", "compared", "blobs", "size", "found", "repaired", "what");
        foreach (var row in report.Regions)
        {
            table.Add(row.Region, $"{row.Ledgers}", $"{row.Compared}", $"{row.Blobs}", Humanize.Size(row.Bytes), $"{row.Found}",
                $"{row.Repaired}", row.Error);
            foreach (var finding in row.Findings ?? [])
                table.Add(row.Region, null, null, null, null, null, finding.Repaired ? "yes" : "no",
                    $"{finding.Kind} {finding.Name}: {finding.Fault}");
        }

        return table;
    }
}

/// <summary>What <c>/api/v1/replication/verify</c> answers.</summary>
internal sealed record VerificationReport(IReadOnlyList<VerificationRow> Regions);

/// <summary>The state of one region's verification.</summary>
internal sealed record VerificationRow(
    string Region, long Pass, long Requested, long Completed, long Ledgers, long Compared, long Blobs, long Bytes, long Found,
    long Repaired, IReadOnlyList<FindingRow>? Findings, string? Error)
{
    /// <summary>Whether the region answered: only without an answer no pass has begun and there is an error.</summary>
    public bool HasAnswered => Error is null || Pass > 0;
}

/// <summary>Something that was found damaged or missing.</summary>
internal sealed record FindingRow(string Region, string Kind, string Name, string Fault, bool Repaired);
