using System.CommandLine;
using System.Globalization;
using GeoRegistry.Cli.Api;
using GeoRegistry.Cli.Output;
using Spectre.Console.Rendering;

namespace GeoRegistry.Cli.Replication;

/// <summary><c>georegistry replication pending</c> and <c>dead-letters</c>: the blobs that regions lack.</summary>
internal static class BlobsCommand
{
    public static Command CreatePending(ApiCommands api) => Create(
        api, "pending", "The blobs that regions have yet to fetch, with the last attempt's error.", "No region awaits a blob.");

    public static Command CreateDeadLetters(ApiCommands api) => Create(
        api,
        "dead-letters",
        "The blobs that could not be fetched and are no longer retried automatically; 'replication retry' tries them again.",
        "There are no dead letters.");

    private static Command Create(ApiCommands api, string name, string description, string none)
    {
        var region = ApiCommands.RegionOption("Only in this region.");
        var limit = ApiCommands.LimitOption();
        var command = new Command(name, description) { region, limit };
        command.SetAction((parsed, cancellation) => api.ShowAsync(
            parsed,
            HttpMethod.Get,
            Target.Of($"/api/v1/replication/{name}", ("region", parsed.GetValue(region)),
                ("n", parsed.GetValue(limit)?.ToString(CultureInfo.InvariantCulture))),
            ApiJson.Default.BlobsReport,
            report => Render(api, report, none),
            cancellation));
        return command;
    }

    private static IRenderable Render(ApiCommands api, BlobsReport report, string none)
    {
        api.SayUnreachable(report.Unreachable);
        if (report.Blobs.Count == 0) api.Console.Say(none);
        var table = Tables.Of("region", "digest", "size", "from", "repository", "attempts", "age", "next", "last error");
        foreach (var blob in report.Blobs)
        {
            table.Add(
                blob.Region,
                blob.Digest,
                Humanize.Size(blob.SizeBytes),
                blob.From,
                blob.Repository,
                $"{blob.Attempts}",
                Humanize.Age(blob.AgeSeconds),
                blob.RetryInSeconds is null ? null : $"in {Humanize.Age(blob.RetryInSeconds)}",
                blob.Error);
        }

        return table;
    }
}

/// <summary>What <c>GET /api/v1/replication/pending</c> and <c>…/dead-letters</c> answer.</summary>
internal sealed record BlobsReport(IReadOnlyList<AwaitedBlob> Blobs, IReadOnlyList<string>? Unreachable);

/// <summary>
/// A blob that a region lacks; <paramref name="RetryInSeconds"/> is null for a dead letter, <paramref name="Error"/>
/// before the first attempt failed.
/// </summary>
internal sealed record AwaitedBlob(
    string Region, string Digest, long SizeBytes, string? From, string? Repository, long Attempts, double? AgeSeconds,
    double? RetryInSeconds, string? Error);
