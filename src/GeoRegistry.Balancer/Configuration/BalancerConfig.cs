using GeoRegistry.Ledgers;

namespace GeoRegistry.Balancer.Configuration;

/// <summary>The configuration of the entrance.</summary>
/// <param name="Listen">Where clients are served, such as <c>http://127.0.0.1:5000</c>.</param>
/// <param name="Regions">The regions in the order of their turns, each with the address of its front door; at least one.</param>
internal sealed record BalancerConfig(string Listen, IReadOnlyList<(RegionId Id, Uri Address)> Regions);
