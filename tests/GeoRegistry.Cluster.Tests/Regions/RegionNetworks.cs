using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace GeoRegistry.Cluster.Tests.Regions;

/// <summary>
/// A network namespace for each region, joined to the machine's own by a pair of virtual interfaces with a token bucket
/// at each end. Takes root.
/// </summary>
internal sealed class RegionNetworks : IDisposable
{
    private readonly List<string> _regions;

    // So that two runs on one machine have networks of their own.
    private readonly int _run = Environment.ProcessId % 50;

    public RegionNetworks(IReadOnlyList<string> regions, long bitsPerSecond)
    {
        _regions = [.. regions];
        var rate = bitsPerSecond.ToString(CultureInfo.InvariantCulture);
        foreach (var region in _regions)
        {
            var (name, outside, inside) = (NameOf(region), OutsideOf(region), $"{OutsideOf(region)}i");
            TryRemove(region);
            Run("ip", "netns", "add", name);
            Run("ip", "link", "add", outside, "type", "veth", "peer", "name", inside, "netns", name);
            Run("ip", "address", "add", $"{GatewayOf(region)}/30", "dev", outside);
            Run("ip", "link", "set", outside, "up");
            Run("ip", "-n", name, "address", "add", $"{HostOf(region)}/30", "dev", inside);
            Run("ip", "-n", name, "link", "set", inside, "up");
            Run("ip", "-n", name, "link", "set", "lo", "up");
            Run("tc", "qdisc", "add", "dev", outside, "root", "tbf", "rate", rate, "burst", "256kb", "latency", "50ms");
            Run("tc", "-n", name, "qdisc", "add", "dev", inside, "root", "tbf", "rate", rate, "burst", "256kb", "latency", "50ms");
        }
    }

    /// <summary>The region's own address.</summary>
    public IPAddress HostOf(string region) => new([10, (byte)(200 + _run), (byte)_regions.IndexOf(region), 2]);

    /// <summary>The machine's address that the region reaches.</summary>
    public IPAddress GatewayOf(string region) => new([10, (byte)(200 + _run), (byte)_regions.IndexOf(region), 1]);

    /// <summary>Runs a program in the region's network.</summary>
    public IReadOnlyList<string> RunnerOf(string region) => ["ip", "netns", "exec", NameOf(region)];

    /// <summary>Drops every packet to and from a region: what TCP itself makes of it is seen then.</summary>
    public void Unplug(string region) => Run("ip", "link", "set", OutsideOf(region), "down");

    public void Plug(string region) => Run("ip", "link", "set", OutsideOf(region), "up");

    public void Dispose()
    {
        foreach (var region in _regions) TryRemove(region);
    }

    private string NameOf(string region) => $"georegistry-{_run}-{region}";

    private string OutsideOf(string region) => $"geo{_run}x{_regions.IndexOf(region)}";

    // With the namespace both interfaces go.
    private void TryRemove(string region)
    {
        if (File.Exists($"/run/netns/{NameOf(region)}")) Run("ip", "netns", "delete", NameOf(region));
    }

    private static void Run(string command, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException(
                $"{command} {string.Join(' ', arguments)} failed: {error.Trim()}. It must run as root on Linux.");
    }
}
