using GeoRegistry.Benchmarks.CommandLine;

namespace GeoRegistry.Benchmarks.Peers;

/// <summary>Makes the servers of one scenario in folders of their own, and ends them all with it.</summary>
internal sealed class PeerFactory : IDisposable
{
    private readonly string _folder;
    private readonly List<IPeer> _peers = [];
    private readonly CancellationTokenRegistration _stop;

    public PeerFactory(BenchmarkOptions options, bool withFileServer, CancellationToken cancellationToken)
    {
        _folder = CreateFolder(options.DataFolder);
        Add(GeoRegistryPeer.Current, folder => new GeoRegistryPeer(GeoRegistryPeer.Current, options.ServerFile, folder));
        if (options.BeforeFile is { } before)
            Add(GeoRegistryPeer.Before, folder => new GeoRegistryPeer(GeoRegistryPeer.Before, before, folder));
        Add("docker-registry", folder => new DockerRegistryPeer(folder, cancellationToken));
        if (withFileServer) Add("nginx", folder => new NginxPeer(folder, options.ReusePort));

        // Requests on their way fail at once when their server is gone: nothing else needs to look at the token.
        _stop = cancellationToken.Register(StopAll);

        void Add(string name, Func<string, IPeer> create)
        {
            if (options.Peers.Count == 0 || options.Peers.Contains(name))
                _peers.Add(create(Directory.CreateDirectory(Path.Combine(_folder, name)).FullName));
        }
    }

    public IReadOnlyList<IPeer> Peers => _peers;

    public void Dispose()
    {
        _stop.Dispose();
        StopAll();
        Directory.Delete(_folder, recursive: true);
    }

    private static string CreateFolder(string parent)
    {
        var folder = Path.Combine(parent, $"georegistry-benchmark-{Environment.ProcessId}");
        Directory.CreateDirectory(folder);
        if (new DriveInfo(folder).DriveFormat != "tmpfs") return folder;
        Directory.Delete(folder);
        throw new IOException($"{parent} is in memory, so that nothing there is durable; choose another folder with --data.");
    }

    private void StopAll()
    {
        foreach (var peer in _peers) peer.Stop();
    }
}
