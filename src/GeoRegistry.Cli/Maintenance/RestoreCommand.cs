using System.CommandLine;
using GeoRegistry.Cli.Api;
using GeoRegistry.Cli.Output;
using Spectre.Console;

namespace GeoRegistry.Cli.Maintenance;

/// <summary><c>georegistry restore</c>: a region's metadata from a backup, into stores that are empty.</summary>
internal static class RestoreCommand
{
    public static Command Create(ApiCommands api)
    {
        var file = new Argument<string>("FILE") { Description = "What 'georegistry backup' wrote, of whatever stores." };
        Option<string>[] options =
        [
            new("--config") { Description = "The configuration of the region's server, JSON.", HelpName = "FILE" },
            new("--region") { Description = "The region's id, where the configuration does not say it.", HelpName = "ID" },
            new("--data") { Description = "The region's data folder, where the configuration does not say it.", HelpName = "DIR" },
        ];
        var command = new Command("restore", """
            Restores a region's metadata from a backup, into empty stores of a region that does not run.

            All comes in one transaction: a restoration that is broken off has changed nothing. The region's feed goes on under a new
            incarnation. When the region is started, it asks the others what it lost since the backup, and accepts no writes of the
            repositories it is the home of until 'georegistry region resume' has brought that back. Blobs that are missing come from the
            other regions. Run it where the region's server runs: it uses the same configuration, and the stores themselves.
            Exit code 1 where the region runs, its metadata store is not empty, or the backup is damaged or another region's.
            """)
        {
            file,
        };
        foreach (var option in options) command.Add(option);
        command.SetAction((parsed, cancellation) => new ServerVerb(api).RunAsync(
            parsed,
            [
                "restore", "--from", Path.GetFullPath(parsed.GetRequiredValue(file)),
                .. options.Where(option => parsed.GetValue(option) is not null)
                    .SelectMany(option => new[] { option.Name, parsed.GetValue(option)! }),
            ],
            ApiJson.Default.RestoreReport,
            report => new Text(
                $"Region {report.Region} restored as of {report.At:u} under the incarnation {report.Incarnation}: {report.Metadata}; "
                    + $"{Humanize.Count(report.MissingBlobs, "blob")} to fetch from other regions\n"),
            cancellation));
        return command;
    }
}

/// <summary>What the server's verb <c>restore</c> did.</summary>
internal sealed record RestoreReport(string Region, DateTimeOffset At, string Incarnation, MetadataRow Metadata, long MissingBlobs);
