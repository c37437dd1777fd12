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
        Lets a home accept writes again that refuses them because it lost commits, or reaches no region that could tell.
        What the other regions have is recovered first. Where one cannot be reached, or cannot send a repository, the home
        stays closed and the command names what is missing: repair that and run it again, or accept the loss. What was not
        recovered is then LOST: snapshots replace it in the other regions. The region continues under a new incarnation of
        its feed and higher epochs, which are written into the topology. Better, where it is possible: restore its data,
        because what no other region has is lost in any case.
        """;

    public static Command Create(ApiCommands api)
    {
        var region = new Argument<string>("REGION") { Description = "The region, which must run." };
        var accept = new Option<bool>("--accept-data-loss")
        {
            Description = "Resume although other regions have commits that could not be recovered: these are lost.",
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
                        api.Console.Say($"Not recovered, so the version that {owner} has is lost: {repository} ({why})");
                    api.Console.Say(
                        $"Regions that have a topology file of their own follow {report.Region} again when they have its new version: "
                            + "copy it to them.");
                    return new Text(
                        $"{report.Region} resumed under the incarnation {report.Incarnation}, "
                            + $"with version {report.Topology} of the topology; "
                            + $"{Humanize.Count(report.RecoveredLedgers, "ledger")} recovered\n");
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
