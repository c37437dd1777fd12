using GeoRegistry.Ledgers;

namespace GeoRegistry.Regions.Control;

/// <summary>The leases of the regions in the control store: each a counter that its region raises, and that others watch.</summary>
/// <remarks>
/// Nothing here expires by itself. Whoever observes a lease judges it by its own clock: it has ended when it was the same for long
/// enough. Clocks of servers restart their countdowns, such as etcd's at a change of its leader.
/// </remarks>
public interface IRegionLeases
{
    /// <summary>Raises the counter of a region's lease, or writes its first.</summary>
    /// <param name="region">The region.</param>
    /// <param name="holder">Names the process that holds it: another for each start.</param>
    /// <param name="expected">The lease as the holder knows it: what it renewed last, or saw of its predecessor; null for none.</param>
    /// <param name="topologyVersion">The version of the topology that the holder has adopted. Under another it does not renew: a home that
    /// was moved would renew for ever.</param>
    /// <exception cref="ControlStoreUnavailableException">The store does not answer; the lease may have been renewed.</exception>
    /// <exception cref="InvalidDataException">There is no topology, or it has faults.</exception>
    Task<LeaseRenewal> RenewAsync(
        RegionId region, string holder, RegionLease? expected, long topologyVersion, CancellationToken cancellation = default);

    /// <summary>Reads the leases of all regions.</summary>
    /// <exception cref="ControlStoreUnavailableException">The store does not answer.</exception>
    Task<LeaseList> ListAsync(CancellationToken cancellation = default);

    /// <summary>Removes a lease, unless it was renewed since it was observed.</summary>
    /// <returns>Whether the region has no lease now; otherwise it was renewed.</returns>
    /// <exception cref="ControlStoreUnavailableException">The store does not answer; the lease may have been removed.</exception>
    Task<bool> TryRemoveAsync(RegionLease observed, CancellationToken cancellation = default);
}
