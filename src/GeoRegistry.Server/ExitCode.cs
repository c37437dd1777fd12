namespace GeoRegistry.Server;

/// <summary>The exit codes of the process.</summary>
internal static class ExitCode
{
    public const int Stopped = 0;
    public const int CouldNotStart = 1;
    public const int InvalidConfiguration = 2;

    /// <summary>A migration left out blobs that are damaged, and all metadata.</summary>
    public const int NotComplete = 3;
}
