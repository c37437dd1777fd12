using GeoRegistry.Ledgers;

namespace GeoRegistry.Balancer.Health;

internal sealed partial class RegionHealth
{
    [LoggerMessage(1, LogLevel.Information, "Region {Region} is healthy")]
    private partial void LogHealthy(RegionId region);

    [LoggerMessage(2, LogLevel.Warning, "Region {Region} is not healthy and gets requests only where no other region can answer: {Fault}")]
    private partial void LogUnhealthy(RegionId region, string fault);

    [LoggerMessage(3, LogLevel.Warning, "Region {Region} serves pulls and gets pushes only where no other region can take them: {Fault}")]
    private partial void LogPullsOnly(RegionId region, string fault);

    [LoggerMessage(4, LogLevel.Error, "Region {Region} could not be asked for its health, as the entrance is out of sockets: {Fault}")]
    private partial void LogOutOfResources(RegionId region, string fault);

    [LoggerMessage(5, LogLevel.Warning, "Region {Region} has not answered for {Seconds} s: the requests that wait for it end")]
    private partial void LogLost(RegionId region, double seconds);
}
