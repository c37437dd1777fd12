using System.Diagnostics;
using System.Net;
using GeoRegistry.Benchmarks.Measuring;

namespace GeoRegistry.Benchmarks.Clients;

/// <summary>Runs operations on threads of their own, each with one connection that is open before the clock starts.</summary>
internal static class Workers
{
    private const int StackSizeBytes = 256 * 1024;

    /// <summary>Runs a number of operations, as many at once as there are workers.</summary>
    /// <param name="address">The server.</param>
    /// <param name="workers">How many operations run at once.</param>
    /// <param name="operations">How many operations run in all.</param>
    /// <param name="bytesEach">The bytes of content that one operation moves.</param>
    /// <param name="operation">The operation, by its number.</param>
    /// <exception cref="AggregateException">An operation failed; the others were not started.</exception>
    public static Load Run(IPEndPoint address, int workers, int operations, long bytesEach, Action<RegistryClient, int> operation)
    {
        var latencies = new long[operations];
        var failures = new List<Exception>();
        var next = -1;
        using var ready = new Barrier(workers + 1);
        var threads = new Thread[workers];
        for (var i = 0; i < workers; i++)
        {
            var client = new RegistryClient(address);
            threads[i] = new Thread(() => Work(client), StackSizeBytes);
            threads[i].Start();
        }

        ready.SignalAndWait();
        var started = Stopwatch.GetTimestamp();
        foreach (var thread in threads) thread.Join();
        var elapsed = Stopwatch.GetElapsedTime(started);
        if (failures.Count > 0) throw new AggregateException(failures);
        return Load.Of(elapsed, latencies, bytesEach * operations);

        void Work(RegistryClient client)
        {
            using var _ = client;
            ready.SignalAndWait();
            try
            {
                int number;
                while ((number = Interlocked.Increment(ref next)) < operations)
                {
                    var begun = Stopwatch.GetTimestamp();
                    operation(client, number);
                    latencies[number] = Stopwatch.GetTimestamp() - begun;
                }
            }
            catch (Exception failure)
            {
                Interlocked.Exchange(ref next, operations);
                lock (failures) failures.Add(failure);
            }
        }
    }
}
