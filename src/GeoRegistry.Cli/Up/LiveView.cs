using GeoRegistry.Cli.Output;
using GeoRegistry.Cli.Replication;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace GeoRegistry.Cli.Up;

/// <summary>Shows a running cluster on a terminal: a table that is redrawn every second.</summary>
internal sealed class LiveView(CliConsole console, LocalCluster cluster, TimeProvider time)
{
    private const int MaxNotes = 14;

    private readonly List<string> _notes = [];

    public async Task RunAsync(CancellationToken stop)
    {
        using var watch = new ClusterWatch(cluster, time);
        await console.Ansi.Live(Draw(null)).StartAsync(async live =>
        {
            await watch.RunAsync(
                _notes.Add,
                report =>
                {
                    live.UpdateTarget(Draw(report));
                    live.Refresh();
                },
                stop);
        });
    }

    /// <summary>The table of regions.</summary>
    internal static Table TableOf(IEnumerable<(string Region, string Address, bool IsRunning)> regions, ReplicationReport? report)
    {
        var table = new Table()
            .Border(TableBorder.Rounded)
            .AddColumns("region", "address", "home of", "head", "applied", "pending", "lag");
        foreach (var (id, address, isRunning) in regions)
        {
            var region = report?.Regions.FirstOrDefault(region => region.Region == id);
            if (!isRunning) table.Add(id, "down", null, null, null, null, null);
            else if (region is null) table.Add(id, address, null, null, null, null, null);
            else if (!region.Reachable) table.Add(id, address, null, null, $"did not answer: {region.Error}", null, null);
            else table.Add(id, address, RegionText.HomeOf(region), $"{region.Feed}", RegionText.Applied(region),
                RegionText.Pending(region), RegionText.Lag(region));
        }

        return table;
    }

    private Rows Draw(ReplicationReport? report)
    {
        IRenderable table = TableOf(
            cluster.Regions.Select(child => (child.Name, child.Address!.GetLeftPart(UriPartial.Authority), child.IsRunning)), report);
        return new Rows(_notes.TakeLast(MaxNotes).Select(note => (IRenderable)new Text(Printable.Of(note))).Prepend(table));
    }
}
