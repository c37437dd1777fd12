namespace GeoRegistry.Server.Tests.PowerLoss;

/// <summary>A moment of a trace: a system call begins, or it returns.</summary>
internal readonly record struct TraceStep(SystemCall Call, bool IsReturn);

/// <summary>What strace wrote, over all threads in one order.</summary>
/// <remarks>
/// strace holds a thread at the beginning and at the end of each call until it has seen it. So where one call must happen before
/// another, as a sync before the answer that waits for it, the first returns earlier in the log than the second begins.
/// </remarks>
internal static class StraceLog
{
    private const string Unfinished = " <unfinished ...>";
    private const string Resumed = " resumed>";

    /// <summary>strace was told to stop after the call had begun, and did not see it return.</summary>
    private const string Detached = " <detached ...>";

    public static List<TraceStep> Read(string file)
    {
        var steps = new List<TraceStep>();
        var running = new Dictionary<string, SystemCall>();
        foreach (var line in File.ReadLines(file))
        {
            var thread = line[..line.IndexOf(' ', StringComparison.Ordinal)];
            var text = line[thread.Length..].TrimStart();
            // Ends of threads, and signals.
            if (text.StartsWith("+++", StringComparison.Ordinal) || text.StartsWith("---", StringComparison.Ordinal)) continue;
            if (text.StartsWith("<... ", StringComparison.Ordinal))
            {
                if (!running.Remove(thread, out var call))
                    throw new InvalidDataException($"The trace resumes a call that did not begin: {text}");
                // The process, or the recording, ended within it.
                if (text.EndsWith(" = ?", StringComparison.Ordinal) || text.EndsWith(Detached, StringComparison.Ordinal)) continue;
                call.Return(text[(text.IndexOf(Resumed, StringComparison.Ordinal) + Resumed.Length)..]);
                steps.Add(new TraceStep(call, IsReturn: true));
                continue;
            }

            var name = text[..text.IndexOf('(', StringComparison.Ordinal)];
            var rest = text[(name.Length + 1)..];
            if (rest.EndsWith(Unfinished, StringComparison.Ordinal))
            {
                running[thread] = new SystemCall(name, rest[..^Unfinished.Length]);
                steps.Add(new TraceStep(running[thread], IsReturn: false));
            }
            else if (rest.EndsWith(Detached, StringComparison.Ordinal))
            {
                steps.Add(new TraceStep(new SystemCall(name, rest[..^Detached.Length]), IsReturn: false));
            }
            else
            {
                var call = new SystemCall(name, "");
                call.Return(rest);
                steps.Add(new TraceStep(call, IsReturn: false));
                steps.Add(new TraceStep(call, IsReturn: true));
            }
        }

        return steps;
    }
}
