using System.CommandLine;
using GeoRegistry.Cli.Api;
using GeoRegistry.Cli.Output;
using Spectre.Console;

namespace GeoRegistry.Cli.Maintenance;

/// <summary><c>georegistry store migrate</c>: a region from the stores of one configuration to those of another.</summary>
internal static class MigrateCommand
{
    public static Command Create(ApiCommands api)
    {
        var from = Configuration("--from", "The configuration that the region had.", "OLD.json");
        var to = Configuration("--to", "The configuration that it shall have.", "NEW.json");
        var command = new Command("migrate", """
            Moves a region that does not run to other stores: SQLite and files to PostgreSQL and Azure, back, or one of the two.

            Blobs are copied, then metadata in one transaction; the old stores are only read, and stay as they are. Broken off at any
            point, the same command goes on. At the end every blob of the target was read there and re-hashed, every blob that metadata
            names was looked for, and the checksums of both stores' metadata are equal. Nothing is lost, so the region keeps its
            incarnation. Both files are configurations of the region's server; environment variables do not count for either.
            Uploads in progress are not moved; their clients begin them anew.
            Exit code 3 where blobs are damaged in the old store: these are named, and no metadata was moved.
            """)
        {
            from,
            to,
        };
        command.SetAction((parsed, cancellation) => new ServerVerb(api).RunAsync(
            parsed,
            ["migrate", "--from", Path.GetFullPath(parsed.GetRequiredValue(from)), "--to", Path.GetFullPath(parsed.GetRequiredValue(to))],
            ApiJson.Default.MigrationReport,
            report => new Text(
                $"Region {report.Region} moved and verified: {report.Metadata}; {Humanize.Count(report.Blobs, "blob")}, "
                    + $"{Humanize.Size(report.BlobBytes)}, {report.Copied} copied in this run; "
                    + $"{Humanize.Count(report.MissingBlobs, "blob")} in neither store\n"),
            cancellation));
        return command;
    }

    private static Option<string> Configuration(string name, string description, string file) =>
        new(name) { Description = description, HelpName = file, Required = true };
}

/// <summary>What the server's verb <c>migrate</c> did.</summary>
internal sealed record MigrationReport(
    string Region, MetadataRow Metadata, long Blobs, long BlobBytes, long Copied, long MissingBlobs);
