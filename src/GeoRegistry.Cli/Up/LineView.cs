using GeoRegistry.Cli.Output;
using GeoRegistry.Cli.Replication;

namespace GeoRegistry.Cli.Up;

/// <summary>Tells of a running cluster where nobody looks at a terminal: a line when something has changed, and not often.</summary>
internal sealed class LineView(CliConsole console, LocalCluster cluster, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private string _said = "";
    private long? _saidAt;

    public async Task RunAsync(CancellationToken stop)
    {
        using var watch = new ClusterWatch(cluster, time);
        await watch.RunAsync(console.Say, Take, stop);
    }

    /// <summary>All regions in one line: <c>eu: head 4, applied us 3/3; us: …</c></summary>
    internal static string LineOf(ReplicationReport report) => string.Join("; ", report.Regions.Select(region =>
        region.Reachable
            ? $"{region.Region}: head {region.Feed}, applied {RegionText.Applied(region)}"
                + (RegionText.Pending(region) is { Length: > 0 } pending ? $", pending {pending}" : "")
            : $"{region.Region}: did not answer"));

    private void Take(ReplicationReport? report)
    {
        if (report is null || (_saidAt is { } at && time.GetElapsedTime(at) < Interval)) return;
        var line = LineOf(report);
        if (line == _said) return;
        (_said, _saidAt) = (line, time.GetTimestamp());
        console.Say(line);
    }
}
