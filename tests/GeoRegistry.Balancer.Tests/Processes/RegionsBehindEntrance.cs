using System.Diagnostics;
using GeoRegistry.TestKit;

namespace GeoRegistry.Balancer.Tests.Processes;

/// <summary>Real servers, each alone with its data, behind one entrance.</summary>
internal sealed class RegionsBehindEntrance : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<string, RegistryProcess> _servers = [];

    public BalancerProcess Entrance { get; private set; } = null!;

    public HttpClient Client { get; private set; } = null!;

    public static async Task<RegionsBehindEntrance> StartAsync(params string[] ids)
    {
        var regions = new RegionsBehindEntrance();
        foreach (var id in ids) regions._servers[id] = await RegistryProcess.StartAsync(regions._folder.Child(id), "--region", id);
        regions.Entrance = await BalancerProcess.StartAsync([.. ids.Select(id => (id, regions._servers[id].Address))]);
        regions.Client = regions.Entrance.CreateClient();
        return regions;
    }

    /// <summary>Where a region keeps its data.</summary>
    public string FolderOf(string id) => _folder.Child(id);

    /// <summary>Sends a signal to a region's process: <c>STOP</c> hangs it, <c>CONT</c> lets it go on.</summary>
    public async Task SignalAsync(string id, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{_servers[id].Id}"]);
        await kill.WaitForExitAsync();
    }

    public Task KillAsync(string id) => _servers[id].KillAsync();

    /// <summary>Starts a killed server again where it was.</summary>
    public async Task RestartAsync(string id)
    {
        var address = _servers[id].Address;
        await _servers[id].DisposeAsync();
        _servers[id] = await RegistryProcess.StartAsync(_folder.Child(id), "--region", id, "--listen", address.ToString());
    }

    /// <summary>Asks the entrance and returns the region that answered, which must have answered 200.</summary>
    public async Task<string> AskAsync(string path = "/v2/")
    {
        using var answer = await Client.GetAsync(path);
        answer.EnsureSuccessStatusCode();
        return Assert.Single(answer.Headers.GetValues("GeoRegistry-Served-By"));
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Entrance.DisposeAsync();
        foreach (var server in _servers.Values) await server.DisposeAsync();
        _folder.Dispose();
    }
}
