using System.CommandLine.Parsing;
using System.Globalization;

namespace GeoRegistry.Cli;

/// <summary>Durations on the command line: a number and its unit, such as <c>40ms</c>, <c>0.5s</c> or <c>2m</c>.</summary>
internal static class Durations
{
    private static readonly (string Unit, double Seconds)[] Units = [("ms", 0.001), ("s", 1), ("m", 60)];

    /// <summary>The longest: a day.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        var (unit, seconds) = Units.FirstOrDefault(unit => text.EndsWith(unit.Unit, StringComparison.Ordinal));
        if (unit is null
            || !double.TryParse(
                text.AsSpan(0, text.Length - unit.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        // The parser takes "NaN" and "-Infinity", too.
        if (!(number * seconds >= 0 && number * seconds <= Longest.TotalSeconds)) return false;
        duration = TimeSpan.FromSeconds(number * seconds);
        return true;
    }

    /// <summary>Reads an option's value; what is not a duration is a fault of the command line.</summary>
    public static TimeSpan Parse(ArgumentResult argument)
    {
        var text = argument.Tokens.Single().Value;
        if (!TryParse(text, out var duration))
            argument.AddError($"'{text}' is not a duration: give a number and ms, s or m, such as 40ms or 0.5s.");
        return duration;
    }
}
