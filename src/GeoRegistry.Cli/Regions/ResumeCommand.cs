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
        What the other regions have is brought back first. Where one cannot be reached, or does not give a repository back,
        the home stays closed, and what is missing is said: mend that and repeat it, or accept the loss. What was not
        brought back is then LOST: snapshots replace it in the other regions. The region goes on under a new incarnation of
        its feed and higher epochs, which are written into the topology. Better, where it is possible: restore its data, as
        what no other region has is lost in any case.
        """;

    public static Command Create(ApiCommands api)
    {
        var region = new Argument<string>("REGION") { Description = "The region, which must run." };
        var accept = new Option<bool>("--accept-data-loss")
        {
            Description = "Resumes it though other regions have more than they gave back: that is lost.",
        };
        var command = new Command("resume", Description) { region, accept };
        command.SetAction((parsed, cancellation) =>
        {
            var name = parsed.GetRequiredValue(region);
            var accepted = parsed.GetValue(accept) ? "true" : null;
            return api.ShowAsync(
                parsed,
                HttpMethod.Post,
                Target.Of($"/api/v1/regions/{Uri.EscapeDataString(name)}/resume", ("accept-data-loss", accepted)),
                ApiJson.Default.ResumptionReport,
                report =>
                {
                    if (report.Unreachable.Count > 0)
                        api.Console.Say($"Unreachable, so commits that only they have are lost: {string.Join(", ", report.Unreachable)}.");
                    foreach (var (repository, owner, why) in report.NotRecovered ?? [])
                        api.Console.Say($"Not brought back, so it is lost as {owner} has it: {repository} ({why})");
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
    IReadOnlyList<string> Unreachable, IReadOnlyList<LedgerNotRecovered>? NotRecovered);

/// <summary>A repository that a region has further and did not give back.</summary>
internal sealed record LedgerNotRecovered(string Repository, string Region, string Reason);
