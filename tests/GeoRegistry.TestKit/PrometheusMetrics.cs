using System.Text.RegularExpressions;

namespace GeoRegistry.TestKit;

/// <summary>What a server told Prometheus: its series, as text lines have them.</summary>
/// <param name="text">The answer of <c>/metrics</c>.</param>
public sealed partial class PrometheusMetrics(string text)
{
    /// <summary>The names of all series: of a histogram those with <c>_bucket</c>, <c>_sum</c> and <c>_count</c>.</summary>
    public IReadOnlySet<string> Names { get; } = text.Split('\n')
        .Where(line => line.Length > 0 && line[0] != '#')
        .Select(line => Name().Match(line).Value)
        .ToHashSet();

    /// <summary>Reads the metrics of a server.</summary>
    /// <param name="http">A client.</param>
    /// <param name="listener">Where the server's metrics are: the URL of the option.</param>
    public static async Task<PrometheusMetrics> ReadAsync(HttpClient http, Uri listener) =>
        new(await http.GetStringAsync(new Uri(listener, "/metrics")));

    /// <summary>Whether there is a series of a name whose line has all these texts, such as <c>source="eu"</c>.</summary>
    public bool Has(string name, params string[] labels) => text.Split('\n').Any(line =>
        line.StartsWith($"{name}{{", StringComparison.Ordinal) && labels.All(label => line.Contains(label, StringComparison.Ordinal)));

    [GeneratedRegex("^[a-zA-Z_:][a-zA-Z0-9_:]*")]
    private static partial Regex Name();
}
