using System.Collections.Concurrent;
using GeoRegistry.Ledgers;
using GeoRegistry.Regions.Control;

namespace GeoRegistry.Replication.Tails;

/// <summary>The states of the tails of all other regions.</summary>
/// <param name="map">The topology.</param>
/// <param name="clock">The time.</param>
public sealed class TailStates(RegionMap map, TimeProvider clock)
{
    private readonly ConcurrentDictionary<RegionId, TailState> _states = new();

    /// <summary>The state of a region's tail; null for this region and for regions that the topology does not have.</summary>
    public TailState? Of(RegionId source)
    {
        if (source == map.Self || map.Current.Find(source) is null) return null;
        return _states.GetOrAdd(source, id => new TailState(id, clock));
    }
}
