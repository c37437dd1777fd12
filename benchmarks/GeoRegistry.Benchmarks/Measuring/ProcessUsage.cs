using System.Globalization;

namespace GeoRegistry.Benchmarks.Measuring;

/// <summary>What processes used, as Linux counts it in <c>/proc</c>.</summary>
internal static class ProcessUsage
{
    // USER_HZ, which is 100 on every architecture that .NET runs on.
    private const double TicksPerSecond = 100;

    /// <summary>User and system time of the processes since they started.</summary>
    public static double CpuSeconds(IEnumerable<int> processIds)
    {
        var ticks = 0L;
        foreach (var id in processIds)
        {
            var fields = StatFields(id);
            ticks += long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
        }

        return ticks / TicksPerSecond;
    }

    /// <summary>The sum of the processes' peak resident sizes since <see cref="ResetPeak"/>.</summary>
    public static long PeakBytes(IEnumerable<int> processIds)
    {
        var kibibytes = 0L;
        foreach (var id in processIds)
        {
            var line = File.ReadLines($"/proc/{id}/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
            kibibytes += long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
        }

        return kibibytes * 1024;
    }

    /// <summary>Lets the peaks start again at what is resident now.</summary>
    public static void ResetPeak(IEnumerable<int> processIds)
    {
        foreach (var id in processIds) File.WriteAllText($"/proc/{id}/clear_refs", "5");
    }

    /// <summary>The process and its direct children.</summary>
    public static IReadOnlyList<int> WithChildren(int processId)
    {
        List<int> ids = [processId];
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), out var id) && ParentOf(id) == processId) ids.Add(id);
        }

        return ids;
    }

    private static int ParentOf(int processId)
    {
        try
        {
            return int.Parse(StatFields(processId)[1], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0; // It ended while we looked.
        }
    }

    // The fields after the command's name, which is in brackets and may hold blanks: [0] is field 3 of proc(5), the state.
    private static string[] StatFields(int processId)
    {
        var text = File.ReadAllText($"/proc/{processId}/stat");
        return text[(text.LastIndexOf(')') + 2)..].Split(' ');
    }
}
