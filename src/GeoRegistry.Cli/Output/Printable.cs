namespace GeoRegistry.Cli.Output;

/// <summary>Makes text that others wrote fit to be shown: a terminal must not obey it.</summary>
internal static class Printable
{
    /// <summary>The text with a space for each control character.</summary>
    public static string Of(string text) =>
        text.Any(char.IsControl) ? string.Create(text.Length, text, (to, from) =>
        {
            for (var i = 0; i < to.Length; i++) to[i] = char.IsControl(from[i]) ? ' ' : from[i];
        })
        : text;
}
