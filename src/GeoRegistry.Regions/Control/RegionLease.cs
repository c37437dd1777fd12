using GeoRegistry.Ledgers;

namespace GeoRegistry.Regions.Control;

/// <summary>A region's lease as the control store has it. Two that are equal are the same, not renewed between.</summary>
/// <param name="Region">The region.</param>
/// <param name="Holder">The process that holds it.</param>
/// <param name="Counter">How often it was renewed; grows from holder to holder, too.</param>
public sealed record RegionLease(RegionId Region, string Holder, long Counter)
{
    /// <summary>The lease that a renewal makes of one, or of none.</summary>
    internal static RegionLease After(RegionLease? expected, RegionId region, string holder) =>
        new(region, holder, (expected?.Counter ?? 0) + 1);
}

/// <summary>The leases of all regions that have one.</summary>
/// <param name="Leases">The leases.</param>
/// <param name="Restorations">Grows when this process notices that the store was restored from a backup: counters went back then, and what
/// was observed of them before counts for nothing.</param>
public sealed record LeaseList(IReadOnlyList<RegionLease> Leases, int Restorations);

/// <summary>What came of a renewal.</summary>
public abstract record LeaseRenewal
{
    private LeaseRenewal()
    {
    }

    /// <summary>It is held. A repetition whose first answer was lost comes to this, too.</summary>
    /// <param name="Lease">The lease as it is now.</param>
    public sealed record Renewed(RegionLease Lease) : LeaseRenewal;

    /// <summary>Another version of the topology is current: the holder adopts that first.</summary>
    /// <param name="Version">The current version.</param>
    public sealed record TopologyChanged(long Version) : LeaseRenewal;

    /// <summary>The lease is not what the holder knows: another process has it, or it was removed.</summary>
    /// <param name="Found">What is there; null for nothing.</param>
    public sealed record Lost(RegionLease? Found) : LeaseRenewal;
}
