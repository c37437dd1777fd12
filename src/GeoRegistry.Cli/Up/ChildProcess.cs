using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace GeoRegistry.Cli.Up;

/// <summary>A server or the entrance as a process of its own, its output kept in a file.</summary>
internal sealed partial class ChildProcess : IDisposable
{
    private const int LastLinesKept = 12, Sigterm = 15;

    private readonly Process _process;
    private readonly ChildLog _log;
    private readonly Queue<string> _lastLines = [];
    private readonly TaskCompletionSource<Uri> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isStarted;

    /// <param name="name">The region, or <c>entrance</c>.</param>
    /// <param name="assembly">What it runs.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="logFile">The file that its output is added to.</param>
    public ChildProcess(string name, string assembly, IEnumerable<string> arguments, string logFile)
    {
        Name = name;
        _log = new ChildLog(logFile);
        _process = new Process
        {
            StartInfo = ProcessStarter.Describe(Programs.Dotnet, [assembly, .. arguments]),
            EnableRaisingEvents = true,
        };
        _process.OutputDataReceived += (_, line) => Observe(line.Data);
        _process.ErrorDataReceived += (_, line) => Observe(line.Data);
    }

    public string Name { get; }

    public string LogFile => _log.Path;

    /// <summary>Where it serves clients; null before it is ready.</summary>
    public Uri? Address { get; private set; }

    /// <summary>Completes when it has ended and all its output is in the log.</summary>
    public Task Ended { get; private set; } = Task.CompletedTask;

    public bool IsRunning => _isStarted && !Ended.IsCompleted;

    /// <summary>Its exit code, once it has ended: 128 and the signal where one ended it.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>The last lines of its output.</summary>
    public IReadOnlyList<string> LastLines
    {
        get
        {
            lock (_lastLines) return [.. _lastLines];
        }
    }

    /// <summary>What to say of a log that cannot be written; null where it can, or that was said already.</summary>
    public string? TakeLogLoss() => _log.TakeLoss();

    /// <summary>Starts it and waits until it says where it listens.</summary>
    /// <exception cref="StartFault">It ended, or did not say so in time; the message has its last lines.</exception>
    public async Task StartAsync(ProcessStarter starter, TimeSpan timeout, TimeProvider time, CancellationToken cancellation)
    {
        await starter.StartAsync(_process);
        _isStarted = true;
        _process.StandardInput.Close();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        Ended = _process.WaitForExitAsync(CancellationToken.None);
        try
        {
            await Task.WhenAny(_ready.Task, Ended).WaitAsync(timeout, time, cancellation);
        }
        catch (TimeoutException)
        {
            throw new StartFault(this, $"{Name} was not ready within {timeout.TotalSeconds:0} s");
        }

        if (!_ready.Task.IsCompleted) throw new StartFault(this, $"{Name} could not start (exit code {ExitCode})");
        Address = await _ready.Task;
    }

    /// <summary>Asks it to stop: SIGTERM.</summary>
    public void Terminate()
    {
        if (!IsRunning) return;
        if (OperatingSystem.IsWindows()) Kill();
        else _ = SendSignal(_process.Id, Sigterm);
    }

    /// <summary>Ends it at once.</summary>
    public void Kill()
    {
        if (IsRunning) _process.Kill();
    }

    public void Dispose()
    {
        _process.Dispose();
        _log.Dispose();
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SendSignal(int process, int signal);

    private void Observe(string? line)
    {
        if (line is null) return;
        _log.Write(line);
        lock (_lastLines)
        {
            _lastLines.Enqueue(line);
            if (_lastLines.Count > LastLinesKept) _lastLines.Dequeue();
        }

        if (ReadyLine().Match(line) is { Success: true } match) _ready.TrySetResult(new Uri(match.Groups[1].Value));
    }

    [GeneratedRegex(@"^GeoRegistry (?:region \S+|entrance) listens on (http[^\s,]+)")]
    private static partial Regex ReadyLine();
}
