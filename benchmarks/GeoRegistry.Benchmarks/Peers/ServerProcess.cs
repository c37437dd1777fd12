using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using GeoRegistry.Benchmarks.Clients;

namespace GeoRegistry.Benchmarks.Peers;

/// <summary>One started server: its process, what it printed, and the wait until it answers.</summary>
internal sealed class ServerProcess : IDisposable
{
    private const int KeptLines = 40;
    private static readonly TimeSpan ReadyTimeout = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly Queue<string> _lines = new();
    private readonly long _started = Stopwatch.GetTimestamp();

    /// <summary>Starts a program.</summary>
    /// <param name="program">The program's file or name.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="onLine">Called with each line that it prints; null where nobody cares.</param>
    public ServerProcess(string program, IEnumerable<string> arguments, Action<string>? onLine = null)
    {
        _process = new Process
        {
            StartInfo = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true },
        };
        _process.OutputDataReceived += (_, line) => Keep(line.Data, onLine);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data, null);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    /// <summary>A port of the loopback interface that was free a moment ago.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Asks repeatedly until the server answers 200.</summary>
    /// <param name="address">Where to ask; null while it is not known.</param>
    /// <param name="target">The path that says ready.</param>
    /// <returns>The time since the start of the process.</returns>
    /// <exception cref="IOException">The server ended, or was not ready in time.</exception>
    public TimeSpan WaitUntilReady(Func<IPEndPoint?> address, string target)
    {
        while (Stopwatch.GetElapsedTime(_started) < ReadyTimeout)
        {
            if (_process.HasExited) throw new IOException($"The server ended with {_process.ExitCode}: {Output()}");
            if (address() is { } known && Answers(known, target)) return Stopwatch.GetElapsedTime(_started);
            Thread.Sleep(1);
        }

        throw new IOException($"The server was not ready in {ReadyTimeout.TotalSeconds} s: {Output()}");
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
    }

    private static bool Answers(IPEndPoint address, string target)
    {
        try
        {
            using var connection = new HttpConnection(address);
            return connection.Send("GET", target).Status == 200;
        }
        catch (Exception failure) when (failure is SocketException or IOException)
        {
            return false;
        }
    }

    private void Keep(string? line, Action<string>? onLine)
    {
        if (line is null) return;
        lock (_lines)
        {
            _lines.Enqueue(line);
            if (_lines.Count > KeptLines) _lines.Dequeue();
        }

        onLine?.Invoke(line);
    }

    private string Output()
    {
        lock (_lines) return string.Join('\n', _lines);
    }
}
