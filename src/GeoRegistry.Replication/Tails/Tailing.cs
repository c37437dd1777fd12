using System.Collections.Concurrent;
using GeoRegistry.Ledgers;
using GeoRegistry.Regions.Control;

namespace GeoRegistry.Replication.Tails;

/// <summary>How the tails of all other regions stand.</summary>
/// <param name="map">The topology.</param>
/// <param name="clock">The time.</param>
public sealed class Tailing(RegionMap map, TimeProvider clock)
{
    private readonly ConcurrentDictionary<RegionId, TailState> _states = new();

    /// <summary>How the tail of a region stands; null for this region and for regions that the topology does not have.</summary>
    public TailState? Of(RegionId source)
    {
        if (source == map.Self || map.Current.Find(source) is null) return null;
        return _states.GetOrAdd(source, id => new TailState(id, clock));
    }
}
