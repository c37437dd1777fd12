using System.CommandLine;
using System.Text.Json;
using GeoRegistry.Cli.Api;
using GeoRegistry.Cli.Output;
using GeoRegistry.Ledgers.Archives;
using GeoRegistry.Ledgers.Stores;
using Spectre.Console;

namespace GeoRegistry.Cli.Maintenance;

/// <summary><c>georegistry backup</c>: a region's metadata as a file, while the region runs.</summary>
internal static class BackupCommand
{
    private const string Path = "/api/v1/backup", Draft = ".new";

    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(1);

    public static Command Create(ApiCommands api)
    {
        var file = new Argument<string>("FILE") { Description = "Where it is written; there must be no such file." };
        var region = ApiCommands.RegionOption("Refuse unless --server is this region. Without it: whichever answers there.");
        var command = new Command("backup", """
            Writes the metadata of a running region, as of one moment, into a file: manifests, tags, histories, all but blobs.

            Pushes and pulls go on meanwhile. The file has the same form whatever the region's stores are; 'georegistry restore' takes it.
            It is read back and checked before it gets its name. Blobs are not in it: the other regions have them, or keep copies of the
            blob store; what was uploaded before the backup is in a copy made after it.
            """)
        {
            file,
            region,
        };
        command.SetAction((parsed, cancellation) =>
            RunAsync(api, parsed, parsed.GetRequiredValue(file), parsed.GetValue(region), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(
        ApiCommands api, ParseResult parsed, string file, string? region, CancellationToken cancellation)
    {
        if (api.ServerOf(parsed) is not { } server) return ExitCode.Usage;
        var full = System.IO.Path.GetFullPath(file);
        if (File.Exists(full)) return Fail($"{file} is there already: name another file.");
        try
        {
            ArchiveSummary summary;
            var written = new FileStream(full + Draft, FileMode.Create, FileAccess.ReadWrite, FileShare.None);
            await using (written)
            {
                using var http = new RegistryApi(server);
                if (await http.DownloadAsync(Target.Of(Path, ("region", region)), written, Progress(), cancellation) is { } fault)
                    return Fail(fault);
                api.Console.Say("checking what was written");
                written.Position = 0;
                summary = await ArchiveReader.CheckAsync(written, cancellation);
                written.Flush(flushToDisk: true);
            }

            File.Move(full + Draft, full);
            DirectorySync.Sync(System.IO.Path.GetDirectoryName(full)!);
            var report = new BackupReport(
                $"{summary.Header.Region}", summary.Header.At, $"{summary.Header.Incarnation}", full, new FileInfo(full).Length,
                new MetadataRow(
                    summary.Ledgers, summary.Manifests, summary.Tags, summary.Commits, summary.BlobLinks, summary.Contents));
            api.Show(parsed, JsonSerializer.SerializeToUtf8Bytes(report, ApiJson.Default.BackupReport), () => new Text(
                $"Region {report.Region} as of {report.At:u} is in {file}: {report.Metadata}, {Humanize.Size(report.Bytes)}\n"));
            return ExitCode.Done;
        }
        catch (InvalidDataException e)
        {
            return Fail($"{server.Authority} sent no whole backup: {e.Message}");
        }
        finally
        {
            File.Delete(full + Draft);
        }

        int Fail(string sentence)
        {
            api.Console.Say(sentence);
            return ExitCode.Failed;
        }

        Action<long> Progress()
        {
            var said = TimeProvider.System.GetTimestamp();
            return bytes =>
            {
                if (TimeProvider.System.GetElapsedTime(said) < ProgressInterval) return;
                said = TimeProvider.System.GetTimestamp();
                api.Console.Say($"received {Humanize.Size(bytes)}");
            };
        }
    }
}

/// <summary>What <c>georegistry backup</c> wrote.</summary>
internal sealed record BackupReport(
    string Region, DateTimeOffset At, string Incarnation, string File, long Bytes, MetadataRow Metadata);

/// <summary>What metadata there is; its checksum is equal for equal metadata, whatever the stores are.</summary>
internal sealed record MetadataRow(long Ledgers, long Manifests, long Tags, long Commits, long BlobLinks, string Checksum)
{
    public override string ToString() => $"{Humanize.Count(Ledgers, "ledger")}, {Humanize.Count(Manifests, "manifest")}, "
        + $"{Humanize.Count(Tags, "tag")}, {Humanize.Count(Commits, "commit")}, {Humanize.Count(BlobLinks, "blob link")}";
}
