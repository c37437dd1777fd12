namespace GeoRegistry.Replication.Status;

/// <summary>How long commits took to come here, lately.</summary>
public sealed class Latencies
{
    /// <summary>From a commit until it was applied here.</summary>
    public LatencyWindow Applied { get; } = new();

    /// <summary>From a commit until it was complete here.</summary>
    public LatencyWindow Completed { get; } = new();
}

/// <summary>The last durations of something, and their percentiles. Safe for any number of callers.</summary>
public sealed class LatencyWindow
{
    private const int Size = 1024;

    private readonly double[] _seconds = new double[Size];
    private readonly Lock _changes = new();
    private long _count;

    /// <summary>Adds a duration; one below zero, as clocks that differ give, counts as zero.</summary>
    public void Add(TimeSpan duration)
    {
        lock (_changes) _seconds[_count++ % Size] = Math.Max(0, duration.TotalSeconds);
    }

    /// <summary>The duration in seconds that a part of the last 1,024 did not exceed; null before the first.</summary>
    /// <param name="part">The part, such as 0.99.</param>
    public double? Percentile(double part)
    {
        double[] sorted;
        lock (_changes) sorted = _seconds[..(int)Math.Min(_count, Size)];
        if (sorted.Length == 0) return null;
        Array.Sort(sorted);
        return sorted[(int)Math.Ceiling(part * sorted.Length) - 1];
    }
}
