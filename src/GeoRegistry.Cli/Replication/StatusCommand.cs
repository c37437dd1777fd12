using System.CommandLine;
using GeoRegistry.Cli.Api;
using GeoRegistry.Cli.Output;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace GeoRegistry.Cli.Replication;

/// <summary><c>georegistry replication status</c>: how far each region has followed each other.</summary>
internal static class StatusCommand
{
    public static Command Create(ApiCommands api)
    {
        var region = ApiCommands.RegionOption("Only this region.");
        var command = new Command("status", """
            How far each region has followed each other.

            One line for each region and each other that it follows: applied is the position in that one's feed and the feed's last;
            pending are commits that were applied and await blobs; lag is the age of the oldest commit that is not complete;
            push-to-complete is the recent median and 99th percentile. What needs an operator goes to standard error.
            """)
        {
            region,
        };
        command.SetAction((parsed, cancellation) => api.ShowAsync(
            parsed,
            HttpMethod.Get,
            Target.Of("/api/v1/replication", ("region", parsed.GetValue(region))),
            ApiJson.Default.ReplicationReport,
            report => Render(api, report),
            cancellation));
        return command;
    }

    private static IRenderable Render(ApiCommands api, ReplicationReport report)
    {
        foreach (var note in report.Regions.SelectMany(Notes)) api.Console.Say(note);
        var table = Tables.Of("region", "home of", "feed", "follows", "applied", "pending", "dead letters", "lag",
            "heard", "push-to-complete");
        foreach (var region in report.Regions)
        {
            if (!region.Reachable)
                table.Add(region.Region, null, null, null, $"did not answer: {region.Error}", null, null, null, null, null);
            else
                Add(table, region);
        }

        return table;
    }

    private static IEnumerable<string> Notes(RegionReport region)
    {
        if (region is { Closed: { } reason, HomeOf.Count: > 0 }) yield return $"{region.Region} refuses writes: {reason}.";
        if (region.Unrepaired > 0)
        {
            yield return $"{region.Region} has {Humanize.Count(region.Unrepaired, "finding")} of verification not repaired: "
                + "its log names them, and 'georegistry replication verify' checks all again.";
        }

        var setAside = (region.Sources ?? []).Sum(source => source.SetAside);
        if (setAside > 0)
        {
            yield return $"{region.Region} has set aside {Humanize.Count(setAside, "ledger")} that it cannot repair now: "
                + "their homes answer for them.";
        }
    }

    private static void Add(Table table, RegionReport region)
    {
        var (home, feed, complete) = (RegionText.HomeOf(region), $"{region.Feed}", Complete(region));
        if (region.Sources is not { Count: > 0 }) table.Add(region.Region, home, feed, null, null, null, null, null, null, complete);
        foreach (var source in region.Sources ?? [])
        {
            table.Add(
                region.Region,
                home,
                feed,
                source.Region,
                RegionText.Applied(source),
                source.PendingCommits + source.PendingBlobs == 0
                    ? null
                    : $"{Humanize.Count(source.PendingCommits, "commit")}, {Humanize.Count(source.PendingBlobs, "blob")}, "
                        + $"{Humanize.Size(source.PendingBytes)}",
                $"{source.DeadLetters}",
                Humanize.Age(source.LagSeconds),
                source.HeardSeconds is null ? null : $"{Humanize.Age(source.HeardSeconds)} ago",
                complete);
        }
    }

    private static string? Complete(RegionReport region) =>
        region.CompleteP50Seconds is null ? null : $"{Humanize.Age(region.CompleteP50Seconds)}, {Humanize.Age(region.CompleteP99Seconds)}";
}
