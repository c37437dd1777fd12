using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace GeoRegistry.Cli.Up;

/// <summary>A server, the entrance or a store as a process of its own, its output kept in a file.</summary>
internal sealed partial class ChildProcess : IDisposable
{
    /// <summary>The signals that ask a process to stop.</summary>
    public const int Sigint = 2, Sigterm = 15;

    private const int LastLinesKept = 12;

    private readonly Process _process;
    private readonly Regex _ready;
    private readonly int _stopSignal;
    private readonly ChildLog _log;
    private readonly Queue<string> _lastLines = [];
    private readonly TaskCompletionSource<Uri?> _readySaid = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isStarted;

    /// <param name="name">The region, <c>entrance</c>, or the store.</param>
    /// <param name="command">What it runs, with its arguments.</param>
    /// <param name="logFile">The file that its output is added to.</param>
    /// <param name="ready">The line that says that it is ready, with its address as the first group where it has one; null for that of
    /// our own programs.</param>
    /// <param name="stopSignal">What asks it to stop.</param>
    public ChildProcess(
        string name, IEnumerable<string> command, string logFile, Regex? ready = null, int stopSignal = Sigterm)
    {
        Name = name;
        _log = new ChildLog(logFile);
        _ready = ready ?? ReadyLine();
        _stopSignal = stopSignal;
        _process = new Process { StartInfo = ProcessStarter.Describe(command), EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, line) => Observe(line.Data);
        _process.ErrorDataReceived += (_, line) => Observe(line.Data);
    }

    public string Name { get; }

    public string LogFile => _log.Path;

    /// <summary>Where it serves clients; null before it is ready, and of a store that does not say it.</summary>
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

    /// <summary>Starts it and waits until it says that it is ready.</summary>
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
            await Task.WhenAny(_readySaid.Task, Ended).WaitAsync(timeout, time, cancellation);
        }
        catch (TimeoutException)
        {
            throw new StartFault(this, $"{Name} was not ready within {timeout.TotalSeconds:0} s");
        }

        if (!_readySaid.Task.IsCompleted) throw new StartFault(this, $"{Name} could not start (exit code {ExitCode})");
        Address = await _readySaid.Task;
    }

    /// <summary>Asks it to stop.</summary>
    public void Terminate()
    {
        if (!IsRunning) return;
        if (OperatingSystem.IsWindows()) Kill();
        else _ = SendSignal(_process.Id, _stopSignal);
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

        if (_ready.Match(line) is { Success: true } match)
            _readySaid.TrySetResult(match.Groups[1].Success ? new Uri(match.Groups[1].Value) : null);
    }

    [GeneratedRegex(@"^GeoRegistry (?:region \S+|entrance) listens on (http[^\s,]+)")]
    private static partial Regex ReadyLine();
}
