using GeoRegistry.Ledgers;

namespace GeoRegistry.Balancer.Forwarding;

internal sealed partial class Entrance
{
    [LoggerMessage(1, LogLevel.Information, "Region {Region} did not answer a {Method} request, which goes to the next: {Fault}")]
    private partial void LogSentAgain(RegionId region, string method, string fault);

    [LoggerMessage(2, LogLevel.Warning, "Region {Region} broke off a {Method} request, which cannot go to another: {Fault}")]
    private partial void LogBroken(RegionId region, string method, string fault);

    [LoggerMessage(3, LogLevel.Warning, "The answer of region {Region} to a {Method} request broke off in the middle: {Fault}")]
    private partial void LogBrokenAnswer(RegionId region, string method, string fault);
}
