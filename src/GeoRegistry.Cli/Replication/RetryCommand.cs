using System.CommandLine;
using GeoRegistry.Cli.Api;
using GeoRegistry.Cli.Output;
using Spectre.Console;

namespace GeoRegistry.Cli.Replication;

/// <summary><c>georegistry replication retry</c>: fetches blobs now that would be fetched later or never.</summary>
internal static class RetryCommand
{
    public static Command Create(ApiCommands api)
    {
        var region = ApiCommands.RegionOption("Only in this region. Without it: in all.");
        var digest = new Option<string?>("--digest")
        {
            Description = "Only this blob, such as sha256:… Without it: all that wait and all dead letters.",
            HelpName = "DIGEST",
        };
        var command = new Command(
            "retry",
            "Tries now the blobs that are dead letters or wait for their next attempt. Changes nothing but when they are tried.")
        {
            region, digest,
        };
        command.SetAction((parsed, cancellation) => api.ShowAsync(
            parsed,
            HttpMethod.Post,
            Target.Of("/api/v1/replication/retry", ("region", parsed.GetValue(region)), ("digest", parsed.GetValue(digest))),
            ApiJson.Default.RetryReport,
            report =>
            {
                if (report.Unreachable is { Count: > 0 } gone)
                    api.Console.Say($"Did not answer, so nothing is retried there: {string.Join(", ", gone)}.");
                return new Text($"{Humanize.Count(report.Retried, "blob")} tried now\n");
            },
            cancellation));
        return command;
    }
}

/// <summary>What <c>POST /api/v1/replication/retry</c> answers.</summary>
internal sealed record RetryReport(long Retried, IReadOnlyList<string>? Unreachable);
