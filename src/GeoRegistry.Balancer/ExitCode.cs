namespace GeoRegistry.Balancer;

/// <summary>What the process says when it ends.</summary>
internal static class ExitCode
{
    public const int Stopped = 0;
    public const int CouldNotStart = 1;
    public const int InvalidConfiguration = 2;
}
