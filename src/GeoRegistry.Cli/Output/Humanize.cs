using System.Globalization;

namespace GeoRegistry.Cli.Output;

/// <summary>Sizes and times as people read them.</summary>
internal static class Humanize
{
    private static readonly string[] SizeUnits = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

    /// <summary>A size, such as <c>312 B</c> or <c>1.5 MiB</c>.</summary>
    public static string Size(long bytes)
    {
        var (value, unit) = ((double)bytes, 0);
        while (value >= 1024 && unit + 1 < SizeUnits.Length) (value, unit) = (value / 1024, unit + 1);
        return $"{Number(value, whole: unit == 0)} {SizeUnits[unit]}";
    }

    /// <summary>A time, such as <c>50 ms</c>, <c>1.2 s</c>, <c>3 min</c> or <c>2.5 h</c>; null where there is none.</summary>
    public static string? Age(double? seconds) => seconds switch
    {
        null => null,
        <= 0 => "0 s",
        < 0.9995 => $"{Math.Max(1, Math.Round(seconds.Value * 1000)):0} ms",
        < 60 => $"{Number(seconds.Value)} s",
        < 60 * 60 => $"{Number(seconds.Value / 60)} min",
        < 48 * 60 * 60 => $"{Number(seconds.Value / 3600)} h",
        _ => $"{Number(seconds.Value / 86400)} d",
    };

    /// <summary>A count and its noun: <c>1 commit</c>, <c>2 commits</c>.</summary>
    public static string Count(long count, string noun) =>
        $"{count.ToString(CultureInfo.InvariantCulture)} {noun}{(count == 1 ? "" : "s")}";

    private static string Number(double value, bool whole = false) =>
        value.ToString(whole || value >= 99.95 ? "0" : "0.#", CultureInfo.InvariantCulture);
}
