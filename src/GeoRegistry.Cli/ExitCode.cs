namespace GeoRegistry.Cli;

/// <summary>What the process says when it ends; <c>--help</c> lists them.</summary>
internal static class ExitCode
{
    /// <summary>It is done.</summary>
    public const int Done = 0;

    /// <summary>It could not be done; standard error says why.</summary>
    public const int Failed = 1;

    /// <summary>The command line is not valid; nothing was done.</summary>
    public const int Usage = 2;

    /// <summary>What was waited for is not complete.</summary>
    public const int NotComplete = 3;
}
