using System.CommandLine;
using GeoRegistry.Cli.Api;
using GeoRegistry.Cli.Output;
using Spectre.Console;

namespace GeoRegistry.Cli.Regions;

/// <summary>
/// <c>georegistry region resume</c>: lets a home that lost commits, or cannot find out whether it did, take writes
/// again.
/// </summary>
internal static class ResumeCommand
{
    private const string Description = """
        Lets a home go on that takes no writes, because it lost commits or reaches no region that could tell.
        What the regions that it reaches have is brought back first. Commits that only other regions have are LOST: when
        those come back, snapshots replace them. The region goes on under a new incarnation of its feed and higher epochs,
        which are written into the topology. Better, where it is possible: restore its data, or bring the other regions
        back, and it goes on by itself.
        """;

    public static Command Create(ApiCommands api)
    {
        var region = new Argument<string>("REGION") { Description = "The region, which must run." };
        var accept = new Option<bool>("--accept-data-loss")
        {
            Description = "Confirms that commits which only unreachable regions have are lost. Required.",
        };
        var command = new Command("resume", Description) { region, accept };
        command.SetAction((parsed, cancellation) =>
        {
            var name = parsed.GetRequiredValue(region);
            if (!parsed.GetValue(accept))
            {
                api.Console.Say(
                    $"Nothing was done. 'georegistry replication status' says why {name} takes no writes. "
                        + "Resuming it loses the commits that only unreachable regions have: confirm with --accept-data-loss.");
                return Task.FromResult(ExitCode.Usage);
            }

            return api.ShowAsync(
                parsed,
                HttpMethod.Post,
                Target.Of($"/api/v1/regions/{Uri.EscapeDataString(name)}/resume", ("accept-data-loss", "true")),
                ApiJson.Default.ResumptionReport,
                report =>
                {
                    if (report.Unreachable.Count > 0)
                        api.Console.Say($"Unreachable, so commits that only they have are lost: {string.Join(", ", report.Unreachable)}.");
                    api.Console.Say(
                        $"Regions that have a topology file of their own follow {report.Region} again when they have its new version: "
                            + "copy it to them.");
                    return new Text(
                        $"{report.Region} resumed under the incarnation {report.Incarnation}, "
                            + $"with version {report.Topology} of the topology; "
                            + $"{Humanize.Count(report.RecoveredLedgers, "ledger")} brought back\n");
                },
                cancellation);
        });
        return command;
    }
}

/// <summary>What <c>POST /api/v1/regions/{region}/resume</c> answers.</summary>
internal sealed record ResumptionReport(
    string Region, string Reason, string Incarnation, long Topology, int RecoveredLedgers, IReadOnlyList<string> Reached,
    IReadOnlyList<string> Unreachable);
