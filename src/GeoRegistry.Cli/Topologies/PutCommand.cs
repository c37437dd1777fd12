using System.CommandLine;
using System.Text.Json;
using GeoRegistry.Cli.Api;
using GeoRegistry.Regions.Control.Etcd;
using GeoRegistry.Regions.Topologies;
using Spectre.Console;

namespace GeoRegistry.Cli.Topologies;

/// <summary><c>georegistry topology put</c>: writes a topology into etcd, the first or the next.</summary>
internal static class PutCommand
{
    private const string Description = """
        Writes the topology of a file into etcd, from where all regions take it up at once.
        It is validated as a region does, and must have a higher version than the one that is there and no lower epochs. Nothing
        is written where that is not so, or where another was written meanwhile. Comments of the file are not kept.
        After etcd was restored from a snapshot, give it a version above all that regions have adopted: their logs name it.
        """;

    public static Command Create(ApiCommands api)
    {
        var etcd = new EtcdTarget();
        var file = new Argument<string>("FILE") { Description = "The topology, JSON." };
        var stopped = new Option<bool>("--regions-are-stopped")
        {
            Description = "Allow what regions refuse while they run: another home, a region less. Stop all of them before.",
        };
        var command = new Command("put", Description) { file, stopped };
        etcd.AddTo(command);
        command.SetAction((parsed, cancellation) => etcd.RunAsync(parsed, api.Console, async store =>
        {
            var name = parsed.GetRequiredValue(file);
            var next = TopologyReader.Read(await File.ReadAllBytesAsync(name, cancellation), out var faults)
                ?? throw new InvalidDataException(
                    $"{name} cannot be used as a topology:{string.Concat(faults.Select(fault => $"\n  {fault}"))}");
            var report = await PutAsync(store, next, parsed.GetValue(stopped), cancellation);
            api.Show(
                parsed,
                JsonSerializer.SerializeToUtf8Bytes(report, ApiJson.Default.PutReport),
                () => new Text(
                    $"Version {report.Version} of the topology is in etcd"
                        + (report.Replaced == 0 ? ".\n" : $", in the place of version {report.Replaced}.\n")));
            return ExitCode.Done;
        }));
        return command;
    }

    private static async Task<PutReport> PutAsync(
        EtcdControlStore store, Topology next, bool regionsAreStopped, CancellationToken cancellation)
    {
        if (await store.TryReplaceAsync(0, next, cancellation)) return new PutReport(next.Version, 0);
        var current = await store.ReadAsync(cancellation);
        var fault = TopologySuccession.FindFaultAtStart(current, next)
            ?? (regionsAreStopped ? null : TopologySuccession.FindFaultWhileRunning(current, next));
        if (fault is not null) throw new InvalidDataException($"Nothing was written: {fault}.");
        if (await store.TryReplaceAsync(current.Version, next, cancellation)) return new PutReport(next.Version, current.Version);
        throw new InvalidDataException(
            $"Nothing was written: another topology was put in the place of version {current.Version} meanwhile. Look at it with "
                + "'georegistry topology show', and put yours with a higher version.");
    }
}

/// <summary>What was written, and the version that was there before; 0 where there was none, or this one already.</summary>
internal sealed record PutReport(long Version, long Replaced);
