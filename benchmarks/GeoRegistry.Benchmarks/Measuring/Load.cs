using System.Diagnostics;

namespace GeoRegistry.Benchmarks.Measuring;

/// <summary>What a client saw of one round.</summary>
internal sealed record Load(TimeSpan Elapsed, long Operations, long Bytes, TimeSpan P50, TimeSpan P99)
{
    /// <summary>Summarizes the latencies of single operations.</summary>
    /// <param name="elapsed">From the first operation's start to the last one's end.</param>
    /// <param name="latencies">Each operation's <see cref="Stopwatch"/> ticks; sorted here.</param>
    /// <param name="bytes">The bytes of content that moved.</param>
    public static Load Of(TimeSpan elapsed, long[] latencies, long bytes)
    {
        Array.Sort(latencies);
        return new Load(elapsed, latencies.Length, bytes, Percentile(latencies, 0.50), Percentile(latencies, 0.99));
    }

    private static TimeSpan Percentile(long[] sorted, double part)
    {
        var rank = (int)Math.Ceiling(sorted.Length * part) - 1;
        return Stopwatch.GetElapsedTime(0, sorted[Math.Clamp(rank, 0, sorted.Length - 1)]);
    }
}
