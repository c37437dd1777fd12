using System.Diagnostics;

namespace GeoRegistry.TestKit.Etcd;

/// <summary>A real etcd cluster on the loopback interface, of Debian's packages etcd-server and etcd-client.</summary>
public sealed class EtcdCluster : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new(inMemory: true);
    private readonly EtcdProcess[] _members;
    private readonly EtcdSecurity? _security;
    private int _generation = 1;

    private EtcdCluster(int members, EtcdSecurity? security)
    {
        _security = security;
        _members = [.. Enumerable.Range(0, members).Select(number => new EtcdProcess($"m{number}", security))];
    }

    /// <summary>Its members.</summary>
    public IReadOnlyList<EtcdProcess> Members => _members;

    /// <summary>Where its members serve clients, as the option of a region has it.</summary>
    public string Endpoints => string.Join(';', _members.Select(member => member.Client));

    private string Initial => string.Join(',', _members.Select(member => $"{member.Name}={member.Peer}"));

    private string Token => $"test-{_generation}";

    /// <summary>Starts a cluster and waits until it serves.</summary>
    /// <param name="members">How many members.</param>
    /// <param name="security">Its certificates; null for plain HTTP.</param>
    public static async Task<EtcdCluster> StartAsync(int members = 3, EtcdSecurity? security = null)
    {
        var cluster = new EtcdCluster(members, security);
        try
        {
            await cluster.StartAllAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts those members that do not run, and waits until the cluster has all of them.</summary>
    public async Task StartAllAsync()
    {
        foreach (var member in _members.Where(member => !member.IsUp)) Start(member);
        await WaitUntilHealthyAsync(_members);
    }

    /// <summary>Starts one member again, on its data.</summary>
    public void Start(EtcdProcess member) => member.Start(DataOf(member), Initial, Token);

    /// <summary>Waits until members serve, which they do as a part of a majority.</summary>
    public Task WaitUntilHealthyAsync(params EtcdProcess[] members) => Waiting.UntilAsync(
        $"etcd is healthy at {string.Join(", ", members.Select(member => member.Client))}",
        async () =>
        {
            foreach (var down in members.Where(member => !member.IsUp))
                throw new InvalidOperationException($"etcd {down.Name} ended:\n{down.Output}");
            var endpoints = string.Join(',', members.Select(member => member.Client));
            return (await RunAsync(["endpoint", "health", "--endpoints", endpoints])).IsDone;
        });

    /// <summary>Runs etcdctl against the members that run.</summary>
    /// <param name="arguments">Its arguments: <c>put</c>, <c>key</c>, <c>value</c>.</param>
    /// <returns>What it wrote.</returns>
    public async Task<string> ControlAsync(params string[] arguments)
    {
        var endpoints = string.Join(',', _members.Where(member => member.IsUp).Select(member => member.Client));
        var (isDone, output) = await RunAsync([.. arguments, "--endpoints", endpoints]);
        return isDone ? output : throw new InvalidOperationException($"etcdctl {string.Join(' ', arguments)} failed: {output}");
    }

    /// <summary>Saves a snapshot.</summary>
    /// <returns>Its file.</returns>
    public async Task<string> SaveSnapshotAsync()
    {
        var file = _folder.Child($"snapshot-{_generation}.db");
        var (isDone, output) = await RunAsync(["snapshot", "save", file, "--endpoints", _members.First(member => member.IsUp).Client]);
        return isDone ? file : throw new InvalidOperationException($"The snapshot was not saved: {output}");
    }

    /// <summary>Ends all members and puts a cluster of a snapshot in their place, at the same addresses.</summary>
    public async Task RestoreAsync(string snapshot)
    {
        foreach (var member in _members) await member.KillAsync();
        _generation++;
        foreach (var member in _members)
        {
            var (isDone, output) = await RunAsync(
                [
                    "snapshot", "restore", snapshot, "--name", member.Name, "--data-dir", DataOf(member), "--initial-cluster", Initial,
                    "--initial-cluster-token", Token, "--initial-advertise-peer-urls", member.Peer,
                ],
                isLocal: true);
            if (!isDone) throw new InvalidOperationException($"The snapshot was not restored: {output}");
        }

        await StartAllAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var member in _members) await member.DisposeAsync();
        _folder.Dispose();
    }

    private string DataOf(EtcdProcess member) => _folder.Child($"{member.Name}-{_generation}");

    private async Task<(bool IsDone, string Output)> RunAsync(string[] arguments, bool isLocal = false)
    {
        var start = new ProcessStartInfo("etcdctl", [.. arguments, .. isLocal ? [] : _security?.ControlArguments ?? []])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["ETCDCTL_API"] = "3";
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().OrFail($"the end of etcdctl {string.Join(' ', arguments)}");
        return (process.ExitCode == 0, $"{await output}{await error}");
    }
}
