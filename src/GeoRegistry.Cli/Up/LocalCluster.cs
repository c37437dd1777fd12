using System.Globalization;
using GeoRegistry.Cli.Up.Stores;

namespace GeoRegistry.Cli.Up;

/// <summary>The processes of a cluster on this machine: a server a region, the entrance, and in production form the stores.</summary>
internal sealed class LocalCluster(
    ClusterFolder folder, Programs programs, LocalStores? stores, ProcessStarter starter, TimeProvider time) : IAsyncDisposable
{
    /// <summary>How long a process may take until it is ready.</summary>
    public static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);

    /// <summary>How long processes may take to end; then they are killed.</summary>
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(10);

    private readonly List<ChildProcess> _regions = [];

    public IReadOnlyList<ChildProcess> Regions => _regions;

    public ChildProcess? Entrance { get; private set; }

    /// <summary>All processes.</summary>
    public IEnumerable<ChildProcess> All => [.. Registry, .. stores?.All ?? []];

    private IEnumerable<ChildProcess> Registry => Entrance is null ? _regions : _regions.Append(Entrance);

    /// <summary>Starts the stores, when they are ready the regions, and when all of these are the entrance.</summary>
    /// <exception cref="StartFault">One of them did not start; the others may be running.</exception>
    public async Task StartAsync(UpOptions options, CancellationToken cancellation)
    {
        if (stores is not null) await stores.StartAsync(cancellation);
        foreach (var region in folder.Regions)
            _regions.Add(new ChildProcess(
                region.Id, [Programs.Dotnet, programs.Server, .. Arguments(region, options)], folder.LogOf(region.Id)));
        await Task.WhenAll(_regions.Select(child => child.StartAsync(starter, StartTimeout, time, cancellation)));

        var regions = string.Join(';', _regions.Select(child => $"{child.Name}={child.Address!.GetLeftPart(UriPartial.Authority)}"));
        Entrance = new ChildProcess(
            "entrance",
            [Programs.Dotnet, programs.Balancer, "--listen", options.Listen.GetLeftPart(UriPartial.Authority), "--regions", regions],
            folder.LogOf("entrance"));
        await Entrance.StartAsync(starter, StartTimeout, time, cancellation);
    }

    /// <summary>Asks every process to stop and waits until all have; those that take too long are killed.</summary>
    public async Task StopAsync()
    {
        // The entrance first: requests that it has under way need the regions, as those need their stores.
        var began = time.GetTimestamp();
        await StopAsync(Entrance is null ? [] : [Entrance], StopTimeout / 2);
        await StopAsync(_regions, StopTimeout - time.GetElapsedTime(began));
        foreach (var child in Registry) child.Kill();
        await Task.WhenAll(Registry.Select(child => child.Ended));

        await StopAsync(stores?.All ?? [], StopTimeout);
        Kill();
        await Task.WhenAll(All.Select(child => child.Ended));
    }

    /// <summary>Ends every process at once.</summary>
    public void Kill()
    {
        foreach (var child in All) child.Kill();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        foreach (var child in All) child.Dispose();
    }

    private async Task StopAsync(IReadOnlyList<ChildProcess> children, TimeSpan timeout)
    {
        foreach (var child in children) child.Terminate();
        try
        {
            await Task.WhenAll(children.Select(child => child.Ended)).WaitAsync(timeout, time);
        }
        catch (TimeoutException)
        {
            // What is left is killed.
        }
    }

    private List<string> Arguments(LocalRegion region, UpOptions options)
    {
        List<string> arguments =
        [
            "--listen", "http://127.0.0.1:0",
            "--data", region.Data,
            "--region", region.Id,
            "--peer-listen", region.PeerAddress.GetLeftPart(UriPartial.Authority),
            "--peer-key", folder.KeyFile,
            .. stores?.ArgumentsOf(region) ?? ["--topology", folder.TopologyFile],
        ];
        var moved = folder.Regions
            .Where(other => other.IsMoved && other != region)
            .Select(other => $"{other.Id}={other.PeerAddress.GetLeftPart(UriPartial.Authority)}");
        if (string.Join(';', moved) is { Length: > 0 } addresses) arguments.AddRange(["--GeoRegistry:Peer:Addresses", addresses]);
        if (options.Latency is { } latency)
            arguments.AddRange(["--GeoRegistry:Peer:Latency", latency.ToString("c", CultureInfo.InvariantCulture)]);
        return arguments;
    }
}
