using GeoRegistry.Ledgers;

namespace GeoRegistry.Balancer.Health;

internal sealed partial class RegionHealth
{
    [LoggerMessage(1, LogLevel.Information, "Region {Region} is healthy")]
    private partial void LogHealthy(RegionId region);

    [LoggerMessage(2, LogLevel.Warning, "Region {Region} is not healthy and gets no requests: {Fault}")]
    private partial void LogUnhealthy(RegionId region, string fault);
}
