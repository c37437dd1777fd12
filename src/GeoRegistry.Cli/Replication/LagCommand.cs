using System.CommandLine;
using System.Globalization;
using GeoRegistry.Cli.Api;
using GeoRegistry.Cli.Output;
using Spectre.Console.Rendering;

namespace GeoRegistry.Cli.Replication;

/// <summary><c>georegistry replication lag</c>: which repositories are not complete where.</summary>
internal static class LagCommand
{
    public static Command Create(ApiCommands api)
    {
        var region = ApiCommands.RegionOption("Only in this region.");
        var repository = new Option<string?>("--repository") { Description = "Only this repository.", HelpName = "NAME" };
        var limit = ApiCommands.LimitOption();
        var command = new Command("lag", "The repositories that are not complete in a region, and since when.")
        {
            region, repository, limit,
        };
        command.SetAction((parsed, cancellation) => api.ShowAsync(
            parsed,
            HttpMethod.Get,
            Target.Of(
                "/api/v1/replication/lag",
                ("region", parsed.GetValue(region)),
                ("repository", parsed.GetValue(repository)),
                ("n", parsed.GetValue(limit)?.ToString(CultureInfo.InvariantCulture))),
            ApiJson.Default.LagReport,
            report => Render(api, report),
            cancellation));
        return command;
    }

    private static IRenderable Render(ApiCommands api, LagReport report)
    {
        api.SayUnreachable(report.Unreachable);
        if (report.Repositories.Count == 0) api.Console.Say("Every repository is complete.");
        var table = Tables.Of("region", "repository", "commits", "blobs", "size", "oldest");
        foreach (var lag in report.Repositories)
            table.Add(lag.Region, lag.Repository, $"{lag.PendingCommits}", $"{lag.PendingBlobs}", Humanize.Size(lag.PendingBytes),
                Humanize.Age(lag.OldestSeconds));
        return table;
    }
}

/// <summary>What <c>GET /api/v1/replication/lag</c> answers.</summary>
internal sealed record LagReport(IReadOnlyList<RepositoryLag> Repositories, IReadOnlyList<string>? Unreachable);

/// <summary>What one region lacks of one repository.</summary>
internal sealed record RepositoryLag(string Region, string Repository, long PendingCommits, long PendingBlobs,
    long PendingBytes, double? OldestSeconds);
