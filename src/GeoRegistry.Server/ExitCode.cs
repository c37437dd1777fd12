namespace GeoRegistry.Server;

/// <summary>The exit codes of the process.</summary>
internal static class ExitCode
{
    public const int Stopped = 0;
    public const int CouldNotStart = 1;
    public const int InvalidConfiguration = 2;
}
