using System.Collections.Concurrent;
using System.Diagnostics;

namespace GeoRegistry.Cli.Up;

/// <summary>Starts processes that end with this one, whatever ends it.</summary>
/// <remarks>Linux can signal a child when its parent is gone, and takes the thread that started it for the parent: so one thread, which
/// lives as long as the starter, starts them all. The signal is asked for by <c>setpriv</c>, and <c>setsid</c> keeps the terminal's
/// Ctrl-C from the children, who are stopped in order; without these programs (of util-linux) children are started plainly.</remarks>
internal sealed class ProcessStarter : IDisposable
{
    private static readonly string[] Wrapper =
        Programs.OnPath("setsid") is not null && Programs.OnPath("setpriv") is not null
            ? ["setsid", "setpriv", "--pdeathsig", "TERM"]
            : [];

    private readonly BlockingCollection<(Process Process, TaskCompletionSource Started)> _starts = [];

    public ProcessStarter() => new Thread(StartAll) { IsBackground = true, Name = nameof(ProcessStarter) }.Start();

    /// <summary>What is to be started: a command with its arguments, its output read by this process.</summary>
    public static ProcessStartInfo Describe(IEnumerable<string> command)
    {
        string[] line = [.. Wrapper, .. command];
        return new ProcessStartInfo(line[0], line[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
    }

    /// <summary>Starts a process.</summary>
    public Task StartAsync(Process process)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _starts.Add((process, started));
        return started.Task;
    }

    public void Dispose() => _starts.CompleteAdding();

    private void StartAll()
    {
        foreach (var (process, started) in _starts.GetConsumingEnumerable())
        {
            try
            {
                process.Start();
                started.SetResult();
            }
            catch (Exception e)
            {
                started.SetException(e);
            }
        }
    }
}
