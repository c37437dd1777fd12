using GeoRegistry.Ledgers;

namespace GeoRegistry.Balancer.Regions;

/// <summary>A region as the entrance knows it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Address">Where its front door serves clients, without a slash at the end.</param>
internal sealed record Region(RegionId Id, string Address);
