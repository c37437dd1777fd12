using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using GeoRegistry.TestKit;

namespace GeoRegistry.Balancer.Tests.Processes;

/// <summary>A real entrance process on a free port of the loopback interface.</summary>
internal sealed partial class BalancerProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly TaskCompletionSource<Uri> _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private BalancerProcess(string regions)
    {
        var assembly = SourceTree.Built("GeoRegistry.Balancer", "GeoRegistry.Balancer.dll");
        _process = new Process
        {
            StartInfo = new ProcessStartInfo("dotnet", [assembly, "--listen", "http://127.0.0.1:0", "--regions", regions])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
            EnableRaisingEvents = true,
        };
        _process.OutputDataReceived += (_, line) => Observe(line.Data);
        _process.ErrorDataReceived += (_, line) => Observe(line.Data);
        _process.Exited += (_, _) => _listening.TrySetException(
            new InvalidOperationException($"The entrance ended before it listened: {Output}"));
    }

    public Uri Address { get; private set; } = null!;

    public string Output
    {
        get
        {
            lock (_output) return _output.ToString();
        }
    }

    /// <summary>The most memory it ever held.</summary>
    public long PeakMemoryBytes =>
        File.ReadLines($"/proc/{_process.Id}/status")
            .Where(line => line.StartsWith("VmHWM:", StringComparison.Ordinal))
            .Select(line => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024)
            .Single();

    /// <summary>Starts an entrance to regions, given by their ids and addresses.</summary>
    public static async Task<BalancerProcess> StartAsync(params (string Id, Uri Address)[] regions)
    {
        var balancer = new BalancerProcess(string.Join(';', regions.Select(region => $"{region.Id}={region.Address}")));
        balancer._process.Start();
        balancer._process.BeginOutputReadLine();
        balancer._process.BeginErrorReadLine();
        balancer.Address = await balancer._listening.Task.OrFail("the line that says where the entrance listens");
        return balancer;
    }

    public HttpClient CreateClient() => new(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = Address };

    /// <summary>Asks it to stop: SIGTERM.</summary>
    public async Task TerminateAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Its exit code, once it ended by itself.</summary>
    public async Task<int> EndAsync()
    {
        await _process.WaitForExitAsync().OrFail("the end of the entrance");
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private void Observe(string? line)
    {
        if (line is null) return;
        lock (_output) _output.AppendLine(line);
        if (ReadyLine().Match(line) is { Success: true } match) _listening.TrySetResult(new Uri(match.Groups[1].Value));
    }

    [GeneratedRegex(@"^GeoRegistry entrance listens on (http\S+) and sends requests to [a-z0-9, -]+ in turn$")]
    private static partial Regex ReadyLine();
}
