using GeoRegistry.Ledgers;
using GeoRegistry.Regions.Topologies;

namespace GeoRegistry.Regions.Control;

/// <summary>The topology as this region sees it now: the one mutable holder of it.</summary>
/// <param name="self">This region.</param>
/// <param name="topology">The topology at the start; this region is in it.</param>
public sealed class RegionMap(RegionId self, Topology topology)
{
    private volatile Topology _current = topology;

    /// <summary>This region.</summary>
    public RegionId Self { get; } = self;

    /// <summary>The topology now.</summary>
    public Topology Current => _current;

    /// <summary>The other regions.</summary>
    public IEnumerable<Region> Others => _current.Regions.Where(region => region.Id != Self);

    /// <summary>Takes up a newer topology.</summary>
    /// <param name="next">The topology; an older or equal one is passed over.</param>
    /// <param name="fault">Why it cannot be taken up, or null.</param>
    /// <returns>Whether it was taken up.</returns>
    /// <remarks>
    /// Policies and addresses may change under way, and regions may be added. Homes may not: another home may append only after the one
    /// before has ceased, which takes a failover.
    /// </remarks>
    public bool TryReplace(Topology next, out string? fault)
    {
        var current = _current;
        fault = null;
        if (next.Version <= current.Version) return false;
        if (!next.Homes.ToHashSet().SetEquals(current.Homes)) fault = "homes cannot be changed while regions run";
        else if (!next.Regions.Select(region => region.Id).ToHashSet().IsSupersetOf(current.Regions.Select(region => region.Id))) fault = "a region cannot be removed while it runs: stop all, edit the topology, and start those that stay";
        if (fault is not null) return false;
        _current = next;
        return true;
    }
}
