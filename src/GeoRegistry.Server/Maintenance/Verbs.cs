using System.Diagnostics.CodeAnalysis;
using GeoRegistry.Server.Configuration;

namespace GeoRegistry.Server.Maintenance;

/// <summary>What the program does with a region's stores while the region does not run: <c>restore</c> and <c>migrate</c>.</summary>
internal static class Verbs
{
    private const string From = "--from", To = "--to";

    /// <summary>Finds the verb of a command line.</summary>
    /// <returns>Whether it has one; otherwise it is a server's.</returns>
    public static bool TryFind(string[] arguments, [NotNullWhen(true)] out Func<Task<int>>? verb)
    {
        var output = new MaintenanceOutput(Console.Out, Console.Error);
        verb = arguments is [] ? null : arguments[0] switch
        {
            "restore" => () => RunAsync(output, () => RestoreAsync(arguments[1..], output)),
            "migrate" => () => RunAsync(output, () => MigrateAsync(arguments[1..], output)),
            _ => null,
        };
        return verb is not null;
    }

    private static async Task<int> RunAsync(MaintenanceOutput output, Func<Task<int>> verb)
    {
        try
        {
            return await verb();
        }
        catch (Exception e)
        {
            output.Say(e.Message);
            return ExitCode.CouldNotStart;
        }
    }

    private static async Task<int> RestoreAsync(string[] arguments, MaintenanceOutput output)
    {
        if (Take(ref arguments, From) is not { } file) return Misused(output, ["restore needs --from FILE, the backup."]);
        if (!File.Exists(file)) return Misused(output, [$"--from: there is no file '{file}'."]);
        var sources = new ConfigurationManager();
        sources.AddJsonFile(Path.Combine(AppContext.BaseDirectory, "appsettings.json"), optional: true);
        CommandLine.Add(sources, arguments, out var faults);
        var configuration = ServerConfiguration.Read(sources, out var faultsOfOptions);
        if (faults.Count + faultsOfOptions.Count > 0) return Misused(output, faults.Concat(faultsOfOptions));
        await using var stores = await RegionStores.OpenAsync(configuration, null, CancellationToken.None);
        output.Report(await Restore.RunAsync(stores, file, output, CancellationToken.None));
        return ExitCode.Stopped;
    }

    private static async Task<int> MigrateAsync(string[] arguments, MaintenanceOutput output)
    {
        var (fromFile, toFile) = (Take(ref arguments, From), Take(ref arguments, To));
        if (fromFile is null || toFile is null || arguments.Length > 0)
            return Misused(output, ["migrate takes --from OLD.json and --to NEW.json, the region's configurations, and nothing else."]);
        var faults = new List<string>();
        var (from, to) = (Read(fromFile, faults), Read(toFile, faults));
        var (movesMetadata, movesBlobs) = (RegionStores.MetadataPlaceOf(from) != RegionStores.MetadataPlaceOf(to),
            RegionStores.BlobPlaceOf(from) != RegionStores.BlobPlaceOf(to));
        if (from.Server.Region != to.Server.Region)
            faults.Add($"{fromFile} is of region {from.Server.Region} and {toFile} of {to.Server.Region}: a region keeps its id.");
        if (!movesMetadata && !movesBlobs) faults.Add($"{fromFile} and {toFile} name the same stores: there is nothing to move.");
        if (faults.Count > 0) return Misused(output, faults);
        foreach (var (what, moves, old, next) in new[]
        {
            ("metadata", movesMetadata, RegionStores.MetadataPlaceOf(from), RegionStores.MetadataPlaceOf(to)),
            ("blobs", movesBlobs, RegionStores.BlobPlaceOf(from), RegionStores.BlobPlaceOf(to)),
        }) output.Say(moves ? $"{what}: from {old} to {next}" : $"{what}: stay in {old}");

        await using var source = await RegionStores.OpenAsync(from, null, CancellationToken.None);
        await using var target = await RegionStores.OpenAsync(to, source, CancellationToken.None);
        if (await new Migration(source, target, output).RunAsync(movesBlobs, movesMetadata, CancellationToken.None) is not { } moved)
            return ExitCode.NotComplete;
        output.Say(
            $"Now start region {to.Server.Region} with {toFile}, and never again with {fromFile}: the old stores stay as they are.");
        output.Report(moved);
        return ExitCode.Stopped;
    }

    // By the file alone: what the environment says would count for both.
    private static ServerConfiguration Read(string file, List<string> faults)
    {
        var sources = new ConfigurationManager();
        CommandLine.AddFile(sources, file, faults);
        var configuration = ServerConfiguration.Read(sources, out var faultsOfOptions);
        faults.AddRange(faultsOfOptions.Select(fault => $"{file}: {fault}"));
        return configuration;
    }

    private static string? Take(ref string[] arguments, string name)
    {
        var at = Array.IndexOf(arguments, name);
        if (at < 0 || at + 1 >= arguments.Length) return null;
        var value = arguments[at + 1];
        arguments = [.. arguments[..at], .. arguments[(at + 2)..]];
        return value;
    }

    private static int Misused(MaintenanceOutput output, IEnumerable<string> faults)
    {
        foreach (var fault in faults) output.Say(fault);
        return ExitCode.InvalidConfiguration;
    }
}
