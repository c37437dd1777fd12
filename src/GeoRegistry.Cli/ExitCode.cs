namespace GeoRegistry.Cli;

/// <summary>The exit codes of the process; <c>--help</c> lists them.</summary>
internal static class ExitCode
{
    /// <summary>The command succeeded.</summary>
    public const int Done = 0;

    /// <summary>The command failed; standard error says why.</summary>
    public const int Failed = 1;

    /// <summary>The command line is not valid; nothing was done.</summary>
    public const int Usage = 2;

    /// <summary>The wait ended before the push was complete, or verification left something unrepaired.</summary>
    public const int NotComplete = 3;
}
