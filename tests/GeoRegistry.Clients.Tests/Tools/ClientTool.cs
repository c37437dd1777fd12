using System.Diagnostics;
using System.Text;

namespace GeoRegistry.Clients.Tests.Tools;

// One run of a client's program: its output is captured whole, and whatever goes wrong is reported with the full command line.
internal sealed class ClientTool : IAsyncDisposable
{
    // Far above what any command here needs on two busy cores; it is there so that a hang names itself.
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromMinutes(3);

    private readonly Process _process;
    private readonly string _commandLine;
    private readonly Func<string> _registryLog;
    private readonly MemoryStream _output = new();
    private readonly MemoryStream _errors = new();
    private readonly Task _pumps;
    private (string Text, TaskCompletionSource Seen)? _awaited;

    private ClientTool(Process process, string commandLine, Func<string> registryLog)
    {
        _process = process;
        _commandLine = commandLine;
        _registryLog = registryLog;
        _pumps = Task.WhenAll(
            PumpAsync(process.StandardOutput.BaseStream, _output),
            PumpAsync(process.StandardError.BaseStream, _errors));
    }

    // Variables are added to the test's own environment; the registry's log is shown with a failure. What was started
    // is ended by one of the methods below.
    public static ClientTool Start(string program, IReadOnlyList<string> arguments,
        IReadOnlyDictionary<string, string> variables, Func<string> registryLog)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        foreach (var (name, value) in variables) start.Environment[name] = value;
        var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        process.StandardInput.Close();
        return new(process, $"{program} {string.Join(' ', arguments)}", registryLog);
    }

    public Task<ClientToolRun> SucceedAsync() => SucceedAsync(DefaultTimeout);

    public async Task<ClientToolRun> SucceedAsync(TimeSpan timeout)
    {
        var run = await ToEndAsync(timeout);
        return run.ExitCode == 0 ? run : throw Failure(run, "failed");
    }

    public async Task<ClientToolRun> FailAsync()
    {
        var run = await ToEndAsync(DefaultTimeout);
        return run.ExitCode != 0 ? run : throw Failure(run, "succeeded, which it should not");
    }

    // Returns once the program has written the text to its standard error: for programs that stay.
    public async Task WaitForErrorTextAsync(string text)
    {
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_errors)
        {
            _awaited = (text, seen);
            TellAwaited();
        }
        var ended = _process.WaitForExitAsync();
        var first = await Task.WhenAny(seen.Task, ended).WaitAsync(DefaultTimeout);
        if (first == ended) throw Failure(await ToEndAsync(DefaultTimeout), $"ended before it said '{text}'");
    }

    // SIGKILL, as a machine that goes away.
    public async Task KillAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) await KillAsync();
        _process.Dispose();
    }

    private async Task<ClientToolRun> ToEndAsync(TimeSpan timeout)
    {
        await using (this)
        {
            try
            {
                // The streams too: a child that outlives the program may hold them open.
                await Task.WhenAll(_process.WaitForExitAsync(), _pumps).WaitAsync(timeout);
                return Describe(_process.ExitCode);
            }
            catch (TimeoutException)
            {
                throw Failure(Describe(exitCode: -1), $"did not end within {timeout.TotalSeconds} s");
            }
        }
    }

    private ClientToolException Failure(ClientToolRun run, string what) => new(run, what, _registryLog());

    private ClientToolRun Describe(int exitCode)
    {
        lock (_output)
        {
            lock (_errors) return new(_commandLine, exitCode, _output.ToArray(), Encoding.UTF8.GetString(_errors.ToArray()));
        }
    }

    private async Task PumpAsync(Stream from, MemoryStream to)
    {
        var buffer = new byte[16 * 1024];
        while (await from.ReadAsync(buffer) is > 0 and var read)
        {
            lock (to)
            {
                to.Write(buffer, 0, read);
                if (to == _errors) TellAwaited();
            }
        }
    }

    private void TellAwaited()
    {
        if (_awaited is { } awaited && Encoding.UTF8.GetString(_errors.ToArray()).Contains(awaited.Text, StringComparison.Ordinal))
            awaited.Seen.TrySetResult();
    }
}
