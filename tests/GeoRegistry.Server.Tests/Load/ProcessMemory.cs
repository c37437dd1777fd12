using System.Globalization;

namespace GeoRegistry.Server.Tests.Load;

/// <summary>What Linux knows of a process's memory.</summary>
internal static class ProcessMemory
{
    /// <summary>The most memory that the process has had resident so far, in MiB (VmHWM).</summary>
    public static long PeakMiB(int processId)
    {
        var line = File.ReadLines($"/proc/{processId}/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }
}
