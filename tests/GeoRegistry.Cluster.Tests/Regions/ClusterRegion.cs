using System.Diagnostics;
using System.Net;
using System.Text;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.TestKit;

namespace GeoRegistry.Cluster.Tests.Regions;

/// <summary>One region of a cluster: a real server process that can be killed and started again on its data and ports.</summary>
internal sealed class ClusterRegion : IAsyncDisposable
{
    private readonly IReadOnlyList<string> _runner;
    private readonly string[] _arguments;
    private readonly StringBuilder _earlierOutput = new();
    private RegistryProcess? _process;

    public ClusterRegion(string id, ClusterPlan plan, ClusterFiles files, RegionNetworks? networks,
        IEnumerable<(string Peer, Uri Address)> addresses)
    {
        (Id, DataFolder) = (id, files.DataOf(id));
        _runner = [.. networks?.RunnerOf(id) ?? [], .. plan.Runner?.Invoke(id) ?? []];
        var host = networks?.HostOf(id) ?? IPAddress.Loopback;
        Address = new Uri($"http://{host}:{FreePorts.Take()}");
        PeerEndPoint = new IPEndPoint(host, FreePorts.Take());
        _arguments =
        [
            "--region", id, "--listen", Address.GetLeftPart(UriPartial.Authority),
            .. files.TopologyArguments,
            "--peer-listen", $"http://{PeerEndPoint}", "--peer-key", files.KeyFile,
            "--GeoRegistry:Peer:Addresses", string.Join(';',
                addresses.Select(peer => $"{peer.Peer}={peer.Address.GetLeftPart(UriPartial.Authority)}")),
            .. plan.Options.Concat(plan.OptionsOf?.Invoke(id) ?? []).SelectMany(option => new[] { $"--{option.Key}", option.Value }),
        ];
        Http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, MaxConnectionsPerServer = 256 })
        {
            BaseAddress = Address,
            Timeout = Waiting.DefaultTimeout,
        };
        Client = new RegionClient(id, Http);
    }

    public string Id { get; }

    public string DataFolder { get; }

    public RegionBlobs Blobs => RegionBlobs.Of(DataFolder);

    /// <summary>Its blobs, where they are files.</summary>
    public BlobFiles BlobFiles => new(DataFolder);

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
        _process = await RegistryProcess.StartThroughAsync(_runner, DataFolder, _arguments);
    }

    /// <summary>Expects that it refuses to start.</summary>
    /// <returns>All it wrote, and how it ended.</returns>
    public async Task<string> ExpectRefusalAsync()
    {
        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(StartAsync);
        return refusal.Message;
    }

    /// <summary>Makes it silent without ending it: SIGSTOP.</summary>
    public Task SuspendAsync() => SignalAsync("-STOP");

    /// <summary>Lets it go on after <see cref="SuspendAsync"/>.</summary>
    public Task ContinueAsync() => SignalAsync("-CONT");

    /// <summary>Ends it as a power cut would.</summary>
    public Task KillAsync() => EndAsync(process => process.KillAsync());

    /// <summary>Asks it to stop.</summary>
    public Task StopAsync() => EndAsync(async process =>
        Assert.True(await process.StopAsync() == 0, $"The region {Id} did not stop as asked:\n{process.Output}"));

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

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [signal, $"{ProcessId}"]);
        await kill.WaitForExitAsync();
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
