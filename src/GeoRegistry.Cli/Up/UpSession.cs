using System.Text.Json;
using GeoRegistry.Cli.Output;

namespace GeoRegistry.Cli.Up;

/// <summary>One run of <c>georegistry up</c>, from the checks before the start to the end of the last process.</summary>
internal sealed class UpSession(CliConsole console, UpOptions options, TimeProvider time)
{
    public async Task<int> RunAsync()
    {
        if (Programs.Find(out var fault) is not { } programs) return Fail(fault);
        if (Ports.FaultOf(options.Listen) is { } taken) return Fail(taken);
        if (ClusterFolder.Prepare(options.Data, options.Regions, out fault) is not { } folder) return Fail(fault, ExitCode.Usage);

        using var signals = new StopSignals();
        using var starter = new ProcessStarter();
        await using var cluster = new LocalCluster(folder, programs, starter, time);
        signals.Again.Register(cluster.Kill);
        try
        {
            console.Say($"Starting {string.Join(", ", folder.Regions.Select(region => region.Id))} with their data in {folder.Path}.");
            await cluster.StartAsync(options, signals.Stop);
            Announce(cluster, folder);
            await WatchAsync(cluster, signals.Stop);
            return Fail("Every region has ended.");
        }
        catch (StartFault e)
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

    private int Fail(string sentence, int code = ExitCode.Failed)
    {
        console.Say(sentence);
        return code;
    }
}
