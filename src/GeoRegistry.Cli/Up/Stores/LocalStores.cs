using System.Text.RegularExpressions;
using GeoRegistry.Regions.Control.Etcd;
using GeoRegistry.Regions.Topologies;
using Microsoft.Extensions.Logging.Abstractions;

namespace GeoRegistry.Cli.Up.Stores;

/// <summary>
/// What regions in production form need on this machine: a PostgreSQL server, an etcd, and an Azurite for each region, which stands for
/// its storage account.
/// </summary>
/// <remarks>The ports are others at each start; all are of the loopback interface, and nobody is asked for a password.</remarks>
internal sealed partial class LocalStores
{
    /// <summary>The account that every Azurite has, and its key, which everybody knows.</summary>
    private const string Account = "devstoreaccount1",
        Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private readonly ClusterFolder _folder;
    private readonly ProcessStarter _starter;
    private readonly TimeProvider _time;
    private readonly LocalPostgreSql _postgreSql;
    private readonly ChildProcess _etcd;
    private readonly Dictionary<string, (ChildProcess Process, string ConnectionString)> _azurites = [];

    public LocalStores(ClusterFolder folder, StorePrograms programs, ProcessStarter starter, TimeProvider time)
    {
        (_folder, _starter, _time) = (folder, starter, time);
        _postgreSql = new LocalPostgreSql(folder, programs.PostgreSql, starter);

        var ports = folder.Regions.Select(region => region.PeerAddress.Port).ToList();
        EtcdEndpoint = Loopback(TakePort());
        _etcd = new ChildProcess(
            "etcd", [programs.Etcd, .. EtcdArguments(EtcdEndpoint, Loopback(TakePort()))], folder.LogOf("etcd"), EtcdReadyLine());
        foreach (var region in folder.Regions)
        {
            var (name, port) = ($"azurite-{region.Id}", TakePort());
            string[] arguments =
            [
                "--blobHost", "127.0.0.1", "--blobPort", $"{port}", "--location", Directory.CreateDirectory(
                    Path.Combine(folder.Path, name)).FullName,
                "--skipApiVersionCheck", "--disableTelemetry", "--silent",
            ];
            _azurites[region.Id] = (
                new ChildProcess(name, [programs.Azurite, .. arguments], folder.LogOf(name), AzuriteReadyLine()),
                $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={Key};BlobEndpoint={Loopback(port)}/{Account};");
        }

        int TakePort()
        {
            ports.Add(Ports.ChooseFree(ports));
            return ports[^1];
        }
    }

    /// <summary>Their processes.</summary>
    public IReadOnlyList<ChildProcess> All => [_postgreSql.Process, _etcd, .. _azurites.Values.Select(azurite => azurite.Process)];

    /// <summary>Where etcd serves clients.</summary>
    public string EtcdEndpoint { get; }

    /// <summary>How an operator looks into the databases.</summary>
    public string PostgreSqlClient => _postgreSql.Client;

    /// <summary>Starts them all, makes databases that are missing, and puts the topology of the folder into etcd.</summary>
    /// <exception cref="StartFault">One of them did not start; others may be running.</exception>
    /// <exception cref="IOException">A database could not be made.</exception>
    /// <exception cref="InvalidDataException">The topology cannot be used, or cannot follow the one that etcd has.</exception>
    public async Task StartAsync(CancellationToken cancellation)
    {
        // PostgreSQL first: where another 'up' runs on the folder, it says so at once; etcd would wait for the other to end.
        await _postgreSql.StartAsync(_time, cancellation);
        await Task.WhenAll(
            _azurites.Values.Select(azurite => azurite.Process).Append(_etcd)
                .Select(child => child.StartAsync(_starter, LocalCluster.StartTimeout, _time, cancellation)));
        await PutTopologyAsync(cancellation);
    }

    /// <summary>The arguments of a region's server that let it use them.</summary>
    public IReadOnlyList<string> ArgumentsOf(LocalRegion region) =>
    [
        "--etcd", EtcdEndpoint,
        "--GeoRegistry:PostgreSql:ConnectionString", _postgreSql.ConnectionStringOf(region.Id),
        "--GeoRegistry:Azure:ConnectionString", _azurites[region.Id].ConnectionString,
        "--GeoRegistry:Azure:Container", "georegistry",
        "--GeoRegistry:Azure:CreateContainer", "True",
    ];

    private static string Loopback(int port) => $"http://127.0.0.1:{port}";

    private string[] EtcdArguments(string clients, string peers) =>
    [
        "--name", "georegistry", "--data-dir", Path.Combine(_folder.Path, "etcd"), "--listen-client-urls", clients,
        "--advertise-client-urls", clients, "--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers,
        "--initial-cluster", $"georegistry={peers}", "--logger", "zap",
    ];

    /// <summary>The topology in etcd is what counts; the file's takes its place where that has a higher version.</summary>
    private async Task PutTopologyAsync(CancellationToken cancellation)
    {
        var next = TopologyReader.Read(await File.ReadAllBytesAsync(_folder.TopologyFile, cancellation), out var faults)
            ?? throw new InvalidDataException(
                $"{_folder.TopologyFile} cannot be used as a topology:{string.Concat(faults.Select(fault => $"\n  {fault}"))}");
        using var etcd = new EtcdControlStore(
            new EtcdOptions { Endpoints = EtcdEndpoint }, _time, NullLogger<EtcdControlStore>.Instance);
        if (await etcd.TryReplaceAsync(0, next, cancellation)) return;
        var current = await etcd.ReadAsync(cancellation);
        if (next.Version < current.Version) return;
        if (TopologySuccession.FindFaultAtStart(current, next) is { } fault)
            throw new InvalidDataException($"{_folder.TopologyFile} cannot follow the topology in etcd: {fault}.");
        await etcd.TryReplaceAsync(current.Version, next, cancellation);
    }

    [GeneratedRegex("serving client traffic")]
    private static partial Regex EtcdReadyLine();

    [GeneratedRegex(@"successfully listen\w* (?:on|at) (http://127\.0\.0\.1:\d+)")]
    private static partial Regex AzuriteReadyLine();
}
