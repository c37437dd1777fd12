using System.Diagnostics;
using System.Globalization;

namespace GeoRegistry.Storage.Tests.Scale;

/// <summary>Measures one operation on two registries in turn, so that whatever else the machine does meets both.</summary>
internal sealed class Comparison(string name, Func<BigRegistry, int, Task> operation)
{
    /// <summary>
    /// What an operation may differ by that has nothing to do with size: the timer, a lock, one page more from the cache.
    /// </summary>
    public static readonly TimeSpan Noise = TimeSpan.FromMilliseconds(0.1);

    public string Name => name;

    /// <summary>Runs it on both in turn.</summary>
    /// <returns>The median on each.</returns>
    public async Task<(TimeSpan Big, TimeSpan Empty)> MeasureAsync(BigRegistry big, BigRegistry empty, int rounds, int warmUp)
    {
        var (times, reference) = (new List<TimeSpan>(rounds), new List<TimeSpan>(rounds));
        for (var round = 0; round < rounds + warmUp; round++)
        {
            // Who goes first changes, so that neither always finds the caches warm.
            var (onBig, onEmpty) = round % 2 == 0
                ? (await TimeAsync(big, round), await TimeAsync(empty, round))
                : Swap(await TimeAsync(empty, round), await TimeAsync(big, round));
            if (round < warmUp) continue;
            times.Add(onBig);
            reference.Add(onEmpty);
        }

        return (Median(times), Median(reference));
    }

    public static string Format(string name, TimeSpan big, TimeSpan empty) => string.Create(
        CultureInfo.InvariantCulture,
        $"{name,-24} {big.TotalMicroseconds,10:f0} µs {empty.TotalMicroseconds,10:f0} µs   ×{big / empty:f2}");

    private async Task<TimeSpan> TimeAsync(BigRegistry registry, int round)
    {
        var start = Stopwatch.GetTimestamp();
        await operation(registry, round);
        return Stopwatch.GetElapsedTime(start);
    }

    private static (TimeSpan, TimeSpan) Swap(TimeSpan one, TimeSpan other) => (other, one);

    private static TimeSpan Median(List<TimeSpan> times)
    {
        times.Sort();
        return times[times.Count / 2];
    }
}
