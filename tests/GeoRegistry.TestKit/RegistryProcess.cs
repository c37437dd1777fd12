using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.TestKit;

/// <summary>A real GeoRegistry server process on a free port of the loopback interface.</summary>
public sealed partial class RegistryProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly TaskCompletionSource<Uri> _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<Uri> _listeningToPeers = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private RegistryProcess(Process process)
    {
        _process = process;
        _process.OutputDataReceived += (_, line) => Observe(line.Data);
        _process.ErrorDataReceived += (_, line) => Observe(line.Data);
        _process.EnableRaisingEvents = true;
        _process.Exited += (_, _) =>
        {
            _listening.TrySetException(
                new InvalidOperationException($"The server ended before it listened (exit code {process.ExitCode})."));
            _listeningToPeers.TrySetException(new InvalidOperationException("The server ended before it listened to other regions."));
        };
    }

    /// <summary>Where it listens, such as <c>http://127.0.0.1:41234/</c>.</summary>
    public Uri Address { get; private set; } = null!;

    /// <summary>Where it listens to other regions; null where it has no topology.</summary>
    public Uri? PeerAddress { get; private set; }

    /// <summary>The address as clients of registries write it: <c>127.0.0.1:41234</c>.</summary>
    public string Host => Address.Authority;

    public int Id => _process.Id;

    public int ExitCode => _process.ExitCode;

    /// <summary>All it wrote so far.</summary>
    public string Output
    {
        get
        {
            lock (_output) return _output.ToString();
        }
    }

    /// <summary>
    /// The server's assembly: the one that <c>GEOREGISTRY_TEST_SERVER</c> names, else the one that was built with the tests.
    /// </summary>
    public static string ServerAssembly =>
        Environment.GetEnvironmentVariable("GEOREGISTRY_TEST_SERVER")
        ?? SourceTree.Built("GeoRegistry.Server", "GeoRegistry.Server.dll");

    /// <summary>Starts a server on a data folder and waits until it says where it listens.</summary>
    /// <param name="dataFolder">Its data; used again, it is a restart.</param>
    /// <param name="arguments">Further arguments, as on the command line.</param>
    public static Task<RegistryProcess> StartAsync(string dataFolder, params string[] arguments) =>
        StartThroughAsync([], dataFolder, arguments);

    /// <summary>As <see cref="StartAsync"/>, run by another program that becomes it: <c>nice -n 19</c>.</summary>
    /// <param name="runner">The program and its arguments; none to start the server itself.</param>
    /// <param name="dataFolder">Its data; used again, it is a restart.</param>
    /// <param name="arguments">Further arguments, as on the command line. Without an address to listen at it takes a free port.</param>
    public static Task<RegistryProcess> StartThroughAsync(IReadOnlyList<string> runner, string dataFolder, params string[] arguments) =>
        StartBuildAsync(ServerAssembly, runner, dataFolder, arguments);

    /// <summary>As <see cref="StartThroughAsync"/>, of another build of the server.</summary>
    /// <param name="assembly">The server's assembly.</param>
    /// <param name="runner">The program that runs it and its arguments; none to start the server itself.</param>
    /// <param name="dataFolder">Its data; used again, it is a restart.</param>
    /// <param name="arguments">Further arguments, as on the command line.</param>
    public static async Task<RegistryProcess> StartBuildAsync(
        string assembly, IReadOnlyList<string> runner, string dataFolder, params string[] arguments)
    {
        string[] listen = arguments.Contains("--listen") ? [] : ["--listen", "http://127.0.0.1:0"];
        var stores = await ProductionStores.ArgumentsAsync(dataFolder);
        var server = Launch([.. runner, "dotnet", assembly, .. listen, "--data", dataFolder, .. stores, .. arguments]);
        try
        {
            server.Address = await server._listening.Task.WaitAsync(StartTimeout);
            if (arguments.Intersect(["--topology", "--etcd"]).Any())
                server.PeerAddress = await server._listeningToPeers.Task.WaitAsync(StartTimeout);
            return server;
        }
        catch (Exception e)
        {
            // Of a process that has ended by itself, what it wrote may still be on its way.
            if (server._process.HasExited) await server._process.WaitForExitAsync();
            await server.DisposeAsync();
            throw new InvalidOperationException($"The server did not start: {e.Message}\n{server.Output}", e);
        }
    }

    /// <summary>A client of its front door.</summary>
    public HttpClient CreateClient() => new(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = Address };

    /// <summary>Ends it at once, as a power cut would for the process: SIGKILL.</summary>
    public async Task KillAsync()
    {
        _process.Kill(entireProcessTree: false);
        await _process.WaitForExitAsync();
    }

    /// <summary>Asks it to stop: SIGTERM. Returns its exit code once it has.</summary>
    public async Task<int> StopAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        await kill.WaitForExitAsync();
        await _process.WaitForExitAsync().WaitAsync(StartTimeout);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) await KillAsync();
        _process.Dispose();
    }

    private static RegistryProcess Launch(string[] command)
    {
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        var server = new RegistryProcess(new Process { StartInfo = start });
        server._process.Start();
        server._process.BeginOutputReadLine();
        server._process.BeginErrorReadLine();
        return server;
    }

    private void Observe(string? line)
    {
        if (line is null) return;
        lock (_output) _output.AppendLine(line);
        if (ListeningLine().Match(line) is { Success: true } match) _listening.TrySetResult(new Uri(match.Groups[1].Value));
        if (PeersLine().Match(line) is { Success: true } peers) _listeningToPeers.TrySetResult(new Uri(peers.Groups[1].Value));
    }

    [GeneratedRegex(@"^GeoRegistry region \S+ listens on (http\S+?),? and keeps its data in ")]
    private static partial Regex ListeningLine();

    [GeneratedRegex(@"^GeoRegistry region \S+ talks to other regions on (http\S+)")]
    private static partial Regex PeersLine();
}
