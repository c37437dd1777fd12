using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace GeoRegistry.TestKit;

/// <summary>A real run of <c>georegistry up</c>.</summary>
public sealed class UpProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _error = new();

    private UpProcess(Process process) => _process = process;

    public Uri Entrance { get; private set; } = null!;

    public IReadOnlyDictionary<string, Uri> Regions { get; private set; } = new Dictionary<string, Uri>();

    public string Error
    {
        get
        {
            lock (_error) return _error.ToString();
        }
    }

    /// <summary>The tool's assembly.</summary>
    public static string Assembly { get; } = SourceTree.Built("GeoRegistry.Cli", "georegistry.dll");

    /// <summary>Starts it and waits until it has printed its addresses.</summary>
    public static async Task<UpProcess> StartAsync(string folder, params string[] arguments)
    {
        var up = Launch(["--data", folder, "--listen", "http://127.0.0.1:0", "--output", "json", .. arguments]);
        try
        {
            var line = await up._process.StandardOutput.ReadLineAsync().OrFail("the line of addresses");
            using var json = JsonDocument.Parse(line ?? throw new InvalidOperationException($"It ended before it was ready: {up.Error}"));
            up.Entrance = new Uri(json.RootElement.GetProperty("entrance").GetString()!);
            up.Regions = json.RootElement.GetProperty("regions").EnumerateArray()
                .ToDictionary(
                    region => region.GetProperty("region").GetString()!,
                    region => new Uri(region.GetProperty("address").GetString()!));
            return up;
        }
        catch
        {
            await up.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it with an output that takes no byte, and waits until it has said its entrance all the same.</summary>
    public static async Task<UpProcess> StartWithFullOutputAsync(string folder)
    {
        const string Said = "; the entrance is ";
        var up = Launch(["--data", folder, "--listen", "http://127.0.0.1:0"], "sh", "-c", "exec \"$@\" > /dev/full", "sh");
        await Waiting.UntilAsync("the entrance is said", () => Task.FromResult(up.Error.Contains(Said, StringComparison.Ordinal)));
        up.Entrance = new Uri(up.Error.Split(Said)[1].Split('\n')[0].TrimEnd('.', '\r'));
        return up;
    }

    /// <summary>Runs it where it ends by itself.</summary>
    public static async Task<(int ExitCode, string Error)> RunAsync(params string[] arguments)
    {
        await using var up = Launch(arguments);
        return (await up.EndAsync(), up.Error);
    }

    /// <summary>The processes that it started and that are still there.</summary>
    public IReadOnlyList<int> Children() => [.. Directory.EnumerateDirectories("/proc")
        .Select(path => Path.GetFileName(path))
        .Where(name => name.All(char.IsAsciiDigit))
        .Where(IsChild)
        .Select(int.Parse)];

    public async Task SignalAsync(string signal, int? process = null)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{process ?? _process.Id}"]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Its exit code, once it ended.</summary>
    public async Task<int> EndAsync()
    {
        await _process.WaitForExitAsync().OrFail("the end of 'georegistry up'");
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) await SignalAsync("TERM");
        await EndAsync();
        _process.Dispose();
    }

    private static UpProcess Launch(string[] arguments, params string[] wrapper)
    {
        string[] command = [.. wrapper, "dotnet", Assembly, "up", .. arguments];
        var up = new UpProcess(new Process
        {
            StartInfo = new ProcessStartInfo(command[0], command[1..])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        });
        up._process.ErrorDataReceived += (_, line) =>
        {
            lock (up._error) up._error.AppendLine(line.Data);
        };
        up._process.Start();
        up._process.BeginErrorReadLine();
        return up;
    }

    private bool IsChild(string process)
    {
        try
        {
            return File.ReadLines($"/proc/{process}/status").Contains($"PPid:\t{_process.Id}");
        }
        catch (IOException)
        {
            return false; // It has just ended.
        }
    }
}
