using System.Text.Json;
using GeoRegistry.Cli.Output;
using GeoRegistry.Cli.Up.Stores;
using GeoRegistry.Regions.Control;

namespace GeoRegistry.Cli.Up;

/// <summary>One run of <c>georegistry up</c>, from the checks before the start to the end of the last process.</summary>
internal sealed class UpSession(CliConsole console, UpOptions options, TimeProvider time)
{
    /// <summary>Regions that keep their metadata elsewhere have nothing in common with those that do not.</summary>
    private string DataFolder =>
        options.Production ? Path.Combine(Path.GetFullPath(options.Data), "production") : options.Data;

    public async Task<int> RunAsync()
    {
        if (Programs.Find(out var fault) is not { } programs) return Fail(fault);
        if (Ports.FaultOf(options.Listen) is { } taken) return Fail(taken);
        StorePrograms? stores = null;
        if (options.Production && FindStores(out stores) is { } missing) return Fail(missing);
        if (ClusterFolder.Prepare(DataFolder, options.Regions, out fault) is not { } folder) return Fail(fault, ExitCode.Usage);

        using var signals = new StopSignals();
        using var starter = new ProcessStarter();
        var local = stores is null ? null : new LocalStores(folder, stores, starter, time);
        await using var cluster = new LocalCluster(folder, programs, local, starter, time);
        signals.Again.Register(cluster.Kill);
        try
        {
            console.Say($"Starting {string.Join(", ", folder.Regions.Select(region => region.Id))} with their data in {folder.Path}.");
            await cluster.StartAsync(options, signals.Stop);
            Announce(cluster, folder);
            if (local is not null)
            {
                console.Say($"PostgreSQL:  {local.PostgreSqlClient}");
                console.Say($"etcd:  georegistry topology show --etcd {local.EtcdEndpoint}");
            }

            await WatchAsync(cluster, signals.Stop);
            return Fail("Every region has ended.");
        }
        catch (Exception e) when (e is StartFault or IOException or InvalidDataException or ControlStoreUnavailableException)
        {
            foreach (var line in e.Message.Split('\n')) console.Say(line);
            return ExitCode.Failed;
        }
        catch (OperationCanceledException) when (signals.Stop.IsCancellationRequested)
        {
            console.Say("Stopping: requests under way may end.");
            await cluster.StopAsync();
            console.Say("All processes have ended.");
            return ExitCode.Done;
        }
    }

    private string? FindStores(out StorePrograms? stores)
    {
        stores = null;
        if (LocalPostgreSql.FaultOf(DataFolder) is { } fault) return fault;
        stores = StorePrograms.Find(LocalPostgreSql.VersionIn(DataFolder), out var faults);
        return stores is null ? string.Join('\n', faults) : null;
    }

    private void Announce(LocalCluster cluster, ClusterFolder folder)
    {
        var entrance = cluster.Entrance!.Address!;
        try
        {
            WriteAddresses(cluster, entrance);
        }
        catch (IOException failure)
        {
            console.Say($"The addresses could not be written ({failure.Message}); the entrance is {Text(entrance)}.");
        }

        console.Say($"Push:  skopeo copy --dest-tls-verify=false docker-archive:image.tar docker://{entrance.Authority}/team/app:1");
        console.Say($"Pull:  skopeo copy --src-tls-verify=false docker://{entrance.Authority}/team/app:1 oci:app");
        console.Say($"Look:  curl {Text(entrance)}/v2/_catalog");
        console.Say($"Logs are in {folder.Path}. Ctrl-C stops all processes.");
    }

    private void WriteAddresses(LocalCluster cluster, Uri entrance)
    {
        if (options.Json)
        {
            var addresses = new
            {
                entrance = Text(entrance),
                regions = cluster.Regions.Select(
                    region => new { region = region.Name, address = Text(region.Address!), log = region.LogFile }),
            };
            console.Out.WriteLine(JsonSerializer.Serialize(addresses));
        }
        else
        {
            console.Out.WriteLine($"{"entrance",-10}{Text(entrance)}");
            foreach (var region in cluster.Regions) console.Out.WriteLine($"{region.Name,-10}{Text(region.Address!)}");
        }

        console.Out.Flush();
    }

    private static string Text(Uri address) => address.GetLeftPart(UriPartial.Authority);

    private Task WatchAsync(LocalCluster cluster, CancellationToken stop) =>
        console.IsTerminal && !options.Json
            ? new LiveView(console, cluster, time).RunAsync(stop)
            : new LineView(console, cluster, time).RunAsync(stop);

    private int Fail(string sentences, int code = ExitCode.Failed)
    {
        foreach (var sentence in sentences.Split('\n')) console.Say(sentence);
        return code;
    }
}
