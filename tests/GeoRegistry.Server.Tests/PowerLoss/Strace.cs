using System.Diagnostics;
using GeoRegistry.TestKit;

namespace GeoRegistry.Server.Tests.PowerLoss;

/// <summary>strace, which writes down the system calls of a process.</summary>
internal static class Strace
{
    /// <summary>The most bytes of a call that are written down; no call of the server passes as many at once.</summary>
    private const int MaxStringBytes = 4 * 1024 * 1024;

    /// <summary>
    /// The command that runs the program whose command follows it. The program becomes the direct child, so that a signal
    /// to it is one to the program.
    /// </summary>
    /// <param name="log">The file to write to.</param>
    public static IReadOnlyList<string> Command(string log) =>
        // The runtime's double mapping of code would only fill the log: it is switched off.
        ["strace", "-D", "--seccomp-bpf", "-E", "DOTNET_EnableWriteXorExecute=0", .. Options(log)];

    /// <summary>Tracing works here; otherwise it says what is missing.</summary>
    public static async Task AssertWorksAsync()
    {
        string problem;
        try
        {
            using var strace = Start(["--seccomp-bpf", "-f", "-o", "/dev/null", "-e", "trace=fsync", "true"]);
            problem = await strace.StandardError.ReadToEndAsync();
            await strace.WaitForExitAsync();
            if (strace.ExitCode == 0) return;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            problem = e.Message;
        }

        throw new InvalidOperationException(
            $"strace cannot trace a process here: {problem.Trim()}. Install the package strace, as tests/run does, and allow ptrace:"
            + " in a container, with the capability SYS_PTRACE.");
    }

    /// <summary>Writes down what this process does meanwhile.</summary>
    public static async Task<List<TraceStep>> RecordAsync(string log, Func<Task> act)
    {
        using var strace = Start([.. Options(log), "-p", $"{Environment.ProcessId}"]);
        var first = await strace.StandardError.ReadLineAsync();
        if (first?.EndsWith("attached", StringComparison.Ordinal) != true
            && first?.Contains("attached with", StringComparison.Ordinal) != true)
        {
            throw new InvalidOperationException($"strace could not attach to this process: {first}. It needs to be allowed ptrace.");
        }

        var rest = strace.StandardError.ReadToEndAsync();
        await act();
        using (var stop = Process.Start("kill", ["-INT", $"{strace.Id}"])) await stop.WaitForExitAsync();
        await rest.OrFail("the end of strace");
        await strace.WaitForExitAsync();
        return StraceLog.Read(log);
    }

    private static string[] Options(string log) =>
        ["-f", "-y", "-xx", "-s", $"{MaxStringBytes}", "-o", log, "-e", $"trace={RecordedDisk.Calls},{ExchangeReader.Calls}"];

    private static Process Start(string[] arguments) =>
        Process.Start(new ProcessStartInfo("strace", arguments) { RedirectStandardError = true })!;
}
