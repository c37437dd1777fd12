using System.Text.RegularExpressions;

namespace GeoRegistry.Cluster.Tests.Monitoring;

/// <summary>What an expression of Prometheus asks for: series by name, and the labels that it selects or groups by.</summary>
internal static partial class PromQl
{
    private static readonly string[] Words = ["and", "or", "unless", "by", "without", "on", "ignoring", "bool", "offset"];

    /// <summary>Each series that an expression names, with the labels in braces after it.</summary>
    public static IEnumerable<(string Series, IReadOnlyList<string> Labels)> SeriesOf(string expression)
    {
        var bare = Grouping().Replace(Range().Replace(Text().Replace(expression, "x"), ""), " ");
        return from selector in Selector().Matches(bare)
               let series = selector.Groups["series"].Value
               where !Words.Contains(series)
               let labels = Label().Matches(selector.Groups["labels"].Value).Select(label => label.Groups[1].Value)
               select (series, (IReadOnlyList<string>)[.. labels]);
    }

    [GeneratedRegex("""("[^"]*")""")]
    private static partial Regex Text();

    [GeneratedRegex(@"\[[^\]]*\]")]
    private static partial Regex Range();

    [GeneratedRegex(@"\b(by|without|on|ignoring) \([^)]*\)")]
    private static partial Regex Grouping();

    // A word before a parenthesis is a function.
    [GeneratedRegex(@"\b(?<series>[a-zA-Z_:][\w:]*)\b(?!\s*\()(\{(?<labels>[^}]*)\})?")]
    private static partial Regex Selector();

    [GeneratedRegex(@"(\w+)\s*(=~|!~|!=|=)")]
    private static partial Regex Label();
}
