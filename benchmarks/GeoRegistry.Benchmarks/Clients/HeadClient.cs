using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using GeoRegistry.Benchmarks.Content;
using GeoRegistry.Benchmarks.Measuring;

namespace GeoRegistry.Benchmarks.Clients;

/// <summary>Repeats one HEAD from many connections; wrk cannot, as it waits for the body that Content-Length announces.</summary>
/// <remarks>Each thread polls its share of the connections, so that the client costs as little as wrk does.</remarks>
internal static class HeadClient
{
    private const int PollTimeoutMilliseconds = 30_000;
    private const short Readable = 1;

    public static Load Run(
        IPEndPoint address, string target, TimeSpan time, int threads, int connections, CancellationToken cancellationToken)
    {
        var request = Encoding.ASCII.GetBytes($"HEAD {target} HTTP/1.1\r\nHost: {address}\r\nAccept: {Image.MediaType}\r\n\r\n");
        var started = Stopwatch.GetTimestamp();
        var runs = new Task<List<long>>[threads];
        for (var i = 0; i < threads; i++)
        {
            runs[i] = Task.Factory.StartNew(
                () => RunThread(address, request, started, time, connections / threads, cancellationToken),
                cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }

        Task.WaitAll(runs, CancellationToken.None);
        var elapsed = Stopwatch.GetElapsedTime(started);
        return Load.Of(elapsed, [.. runs.SelectMany(run => run.Result)], 0);
    }

    private static List<long> RunThread(
        IPEndPoint address, byte[] request, long started, TimeSpan time, int connections, CancellationToken cancellationToken)
    {
        var sockets = new Socket[connections];
        var waits = new PollFd[connections];
        var begun = new long[connections];
        var latencies = new List<long>(1 << 20);
        var answer = new byte[16 * 1024];
        try
        {
            for (var i = 0; i < connections; i++)
            {
                sockets[i] = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                sockets[i].Connect(address);
                waits[i] = new PollFd { FileDescriptor = (int)sockets[i].Handle, Events = Readable };
                begun[i] = Stopwatch.GetTimestamp();
                sockets[i].Send(request);
            }

            while (Stopwatch.GetElapsedTime(started) < time)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (Poll(waits, (nuint)waits.Length, PollTimeoutMilliseconds) <= 0) throw new IOException("No HEAD was answered in time.");
                for (var i = 0; i < connections; i++)
                {
                    if (waits[i].Returned == 0) continue;
                    Check(answer.AsSpan(0, sockets[i].Receive(answer)));
                    var now = Stopwatch.GetTimestamp();
                    latencies.Add(now - begun[i]);
                    begun[i] = now;
                    sockets[i].Send(request);
                }
            }
        }
        finally
        {
            foreach (var socket in sockets) socket?.Dispose();
        }

        return latencies;
    }

    // A head is far smaller than a segment on the loopback interface, so it comes whole or the connection is broken.
    private static void Check(ReadOnlySpan<byte> answer)
    {
        if (!answer.StartsWith("HTTP/1.1 200"u8) || !answer.EndsWith("\r\n\r\n"u8))
            throw new IOException($"HEAD answered: {Encoding.ASCII.GetString(answer)}");
    }

    [DllImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static extern int Poll([In, Out] PollFd[] descriptors, nuint count, int timeoutMilliseconds);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollFd
    {
        public int FileDescriptor;
        public short Events;
        public short Returned;
    }
}
