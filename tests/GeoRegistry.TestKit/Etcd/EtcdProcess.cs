using System.Diagnostics;
using System.Text;

namespace GeoRegistry.TestKit.Etcd;

/// <summary>One member of an etcd cluster: a process that can be killed and started again on its data and ports.</summary>
public sealed class EtcdProcess : IAsyncDisposable
{
    private readonly StringBuilder _output = new();
    private readonly EtcdSecurity? _security;
    private Process? _process;

    internal EtcdProcess(string name, EtcdSecurity? security)
    {
        (Name, _security) = (name, security);
        Port = FreePorts.Take();
        Client = $"{(security is null ? "http" : "https")}://127.0.0.1:{Port}";
        Peer = $"http://127.0.0.1:{FreePorts.Take()}";
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Where it serves clients, and the port of that.</summary>
    public string Client { get; }

    /// <inheritdoc cref="Client"/>
    public int Port { get; }

    public bool IsUp => _process is { HasExited: false };

    /// <summary>All it wrote so far.</summary>
    public string Output
    {
        get
        {
            lock (_output) return _output.ToString();
        }
    }

    internal string Peer { get; }

    /// <summary>Ends it as a power cut would: SIGKILL.</summary>
    public async Task KillAsync()
    {
        if (_process is null) return;
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    /// <summary>Makes it silent without ending it: SIGSTOP.</summary>
    public Task SuspendAsync() => SignalAsync("-STOP");

    /// <summary>Lets it go on after <see cref="SuspendAsync"/>.</summary>
    public Task ContinueAsync() => SignalAsync("-CONT");

    public async ValueTask DisposeAsync() => await KillAsync();

    // Elections take a second with etcd's own intervals; on one machine a member is heard sooner.
    internal void Start(string dataFolder, string initialCluster, string token)
    {
        _process = new Process
        {
            StartInfo = new ProcessStartInfo(
                "etcd",
                [
                    "--name", Name, "--data-dir", dataFolder, "--listen-client-urls", Client, "--advertise-client-urls", Client,
                    "--listen-peer-urls", Peer, "--initial-advertise-peer-urls", Peer, "--initial-cluster", initialCluster,
                    "--initial-cluster-token", token, "--heartbeat-interval", "50", "--election-timeout", "500", "--logger", "zap",
                    "--log-level", "warn", "--bcrypt-cost", "4", .. _security?.ServerArguments ?? [],
                ])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    private void Keep(string? line)
    {
        lock (_output) _output.AppendLine(line);
    }

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [signal, $"{_process!.Id}"]);
        await kill.WaitForExitAsync();
    }
}
