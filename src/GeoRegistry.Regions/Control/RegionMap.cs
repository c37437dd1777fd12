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

    /// <summary>Whether a newer topology can be adopted by <see cref="Replace"/>.</summary>
    /// <param name="next">The topology; an older or equal one is ignored.</param>
    /// <param name="fault">Why it cannot be adopted, or null.</param>
    public bool CanReplace(Topology next, out string? fault)
    {
        var current = _current;
        fault = null;
        if (next.Version <= current.Version) return false;
        fault = TopologySuccession.FindFaultWhileRunning(current, next);
        return fault is null;
    }

    /// <summary>Adopts a newer topology, once that is on disk.</summary>
    public void Replace(Topology next) => _current = next;
}
