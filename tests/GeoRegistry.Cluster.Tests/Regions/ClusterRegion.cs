using System.Net;
using System.Text;
using GeoRegistry.Cluster.Tests.Links;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.TestKit;

namespace GeoRegistry.Cluster.Tests.Regions;

/// <summary>One region of a cluster: a real server process that can be killed and started again on its data and ports.</summary>
internal sealed class ClusterRegion : IAsyncDisposable
{
    private readonly ClusterPlan _plan;
    private readonly string[] _arguments;
    private readonly StringBuilder _earlierOutput = new();
    private RegistryProcess? _process;

    public ClusterRegion(string id, ClusterPlan plan, ClusterFiles files, IEnumerable<(string Peer, Uri Address)> addresses)
    {
        (Id, _plan, DataFolder) = (id, plan, files.DataOf(id));
        Address = new Uri($"http://127.0.0.1:{FreePorts.Take()}");
        PeerEndPoint = new IPEndPoint(IPAddress.Loopback, FreePorts.Take());
        _arguments =
        [
            "--region", id, "--listen", Address.GetLeftPart(UriPartial.Authority),
            "--topology", files.TopologyFile, "--peer-listen", $"http://{PeerEndPoint}", "--peer-key", files.KeyFile,
            "--GeoRegistry:Peer:Addresses", string.Join(';', addresses.Select(peer => $"{peer.Peer}={peer.Address.GetLeftPart(UriPartial.Authority)}")),
            .. plan.Options.SelectMany(option => new[] { $"--{option.Key}", option.Value }),
        ];
        Http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, MaxConnectionsPerServer = 256 }) { BaseAddress = Address, Timeout = Waiting.Patience };
        Client = new RegionClient(id, Http);
    }

    public string Id { get; }

    public string DataFolder { get; }

    public BlobFiles Blobs => new(DataFolder);

    public Uri Address { get; }

    public IPEndPoint PeerEndPoint { get; }

    /// <summary>Leads to it whether it runs or not.</summary>
    public HttpClient Http { get; }

    public RegionClient Client { get; }

    public bool IsUp => _process is not null;

    /// <summary>The process that runs now.</summary>
    public int ProcessId => Running.Id;

    /// <summary>All that its processes wrote.</summary>
    public string Output => $"{_earlierOutput}{_process?.Output}";

    private RegistryProcess Running => _process ?? throw new InvalidOperationException($"The region {Id} does not run.");

    /// <summary>Starts it; on the data it has, it is a restart.</summary>
    public async Task StartAsync()
    {
        if (_process is not null) throw new InvalidOperationException($"The region {Id} runs already.");
        _process = await RegistryProcess.StartThroughAsync(_plan.Runner?.Invoke(Id) ?? [], DataFolder, _arguments);
    }

    /// <summary>Ends it as a power cut would.</summary>
    public Task KillAsync() => EndAsync(process => process.KillAsync());

    /// <summary>Asks it to stop.</summary>
    public Task StopAsync() => EndAsync(async process => Assert.True(await process.StopAsync() == 0, $"The region {Id} did not stop as asked:\n{process.Output}"));

    /// <summary>What it knows of its own replication.</summary>
    public async Task<RegionReplication> ReplicationAsync()
    {
        var status = await Client.GetJsonAsync<ReplicationStatus>($"/api/v1/replication?region={Id}");
        return status.Regions.Single(region => region.Region == Id);
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null) await KillAsync();
        Http.Dispose();
    }

    private async Task EndAsync(Func<RegistryProcess, Task> end)
    {
        await using var process = Running;
        _process = null;
        await end(process);
        _earlierOutput.Append(process.Output);
        Assert.DoesNotContain("Unhandled exception", process.Output, StringComparison.Ordinal);
    }
}
