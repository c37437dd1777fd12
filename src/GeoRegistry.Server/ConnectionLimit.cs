using System.Globalization;

namespace GeoRegistry.Server;

/// <summary>How many connections of clients a server takes: as many as were configured, and no more than it may open files for.</summary>
internal static class ConnectionLimit
{
    /// <summary>
    /// Files that are not connections' own: the runtime's libraries, the database, the log, connections to other regions.
    /// </summary>
    private const int FilesKept = 256;

    /// <summary>A connection is a file, and the blob or upload that it carries is another.</summary>
    private const int FilesPerConnection = 2;

    /// <summary>So many are taken however few files are allowed.</summary>
    private const int LeastConnections = 16;

    /// <summary>The limit of this process.</summary>
    public static int Of(int configured) => Of(configured, OpenFilesAllowed());

    /// <summary>The limit where so many files may be open; null where that is not known.</summary>
    public static int Of(int configured, long? openFilesAllowed) => openFilesAllowed is { } files
        ? (int)Math.Min(configured, Math.Max(LeastConnections, (files - FilesKept) / FilesPerConnection))
        : configured;

    private static long? OpenFilesAllowed()
    {
        const string File = "/proc/self/limits";
        if (!System.IO.File.Exists(File)) return null;
        var row = System.IO.File.ReadLines(File).FirstOrDefault(line => line.StartsWith("Max open files", StringComparison.Ordinal));
        var soft = row?.Split("  ", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).ElementAtOrDefault(1);
        return long.TryParse(soft, CultureInfo.InvariantCulture, out var files) ? files : null;
    }
}
