namespace GeoRegistry.Replication;

/// <summary>How long until what failed is tried again: each time twice as long.</summary>
internal static class Backoff
{
    /// <summary>The delay after a number of failures.</summary>
    /// <param name="failures">How often it failed before; 0 for the first time.</param>
    /// <param name="first">The delay after the first failure.</param>
    /// <param name="longest">The longest delay.</param>
    public static TimeSpan After(int failures, TimeSpan first, TimeSpan longest) =>
        TimeSpan.FromTicks(Math.Min(longest.Ticks, first.Ticks << Math.Min(failures, 20)));
}
