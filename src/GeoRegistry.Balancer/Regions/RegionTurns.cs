using System.Collections.Immutable;

namespace GeoRegistry.Balancer.Regions;

/// <summary>Which regions are healthy, and whose turn is next.</summary>
/// <remarks>Turns exercise every path between the regions: what one request of a client wrote, the next reads elsewhere. An entrance
/// for clients around the world sends each to its nearest region instead; this is the one place that will decide it.</remarks>
internal sealed class RegionTurns(IEnumerable<Region> regions)
{
    private readonly ImmutableArray<Region> _all = [.. regions];
    private readonly Lock _change = new();
    private Region[] _healthy = [];
    private uint _turn;

    /// <summary>Every region, healthy or not, in the order of turns.</summary>
    public ImmutableArray<Region> All => _all;

    /// <summary>The healthy regions in the order in which a new request tries them: its own first. Empty where none is healthy.</summary>
    /// <remarks>Each call takes a turn.</remarks>
    public IEnumerable<Region> Next()
    {
        var healthy = Volatile.Read(ref _healthy);
        var first = Interlocked.Increment(ref _turn) - 1;
        for (var i = 0u; i < healthy.Length; i++) yield return healthy[(first + i) % (uint)healthy.Length];
    }

    /// <summary>Whether a region gets requests.</summary>
    public bool IsHealthy(Region region) => Array.IndexOf(Volatile.Read(ref _healthy), region) >= 0;

    /// <summary>Lets a region have requests, or no more.</summary>
    /// <returns>Whether that is a change.</returns>
    public bool Set(Region region, bool healthy)
    {
        lock (_change)
        {
            if (IsHealthy(region) == healthy) return false;
            Volatile.Write(ref _healthy, [.. _all.Where(other => other == region ? healthy : IsHealthy(other))]);
            return true;
        }
    }
}
