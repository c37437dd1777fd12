using System.Globalization;
using GeoRegistry.Benchmarks.Peers;

namespace GeoRegistry.Benchmarks.Reports;

/// <summary>What GeoRegistry is to reach in a scenario.</summary>
/// <param name="Text">The bound, for people.</param>
/// <param name="Verdict">What was measured, or null where a server did not take part.</param>
internal sealed record Target(string Text, Func<ScenarioResult, TargetVerdict?> Verdict)
{
    private const string Subject = GeoRegistryPeer.Current;

    /// <summary>The median over the rounds of our rate divided by the other's is at least so much.</summary>
    public static Target Ratio(string other, double bound) => new(
        string.Create(CultureInfo.InvariantCulture, $">= {bound:0.##}x {other}"),
        result => result.Ratio(Subject, other) is { } ratio ? new TargetVerdict(Format($"{ratio:0.00}x"), ratio >= bound) : null);

    /// <summary>The greatest peak of any round is below so much.</summary>
    public static Target PeakMebibytesBelow(double bound) => new(
        Format($"peak memory < {bound:0} MiB"),
        result => result.Of(Subject) is { } peer
            ? new TargetVerdict(Format($"{peer.PeakMebibytes:0} MiB"), peer.PeakMebibytes < bound)
            : null);

    /// <summary>The median time is below so much.</summary>
    public static Target SecondsBelow(double bound) => new(
        Format($"< {bound:0.0} s"),
        result => result.Of(Subject) is { } peer ? new TargetVerdict(Format($"{peer.P50Seconds:0.00} s"), peer.P50Seconds < bound) : null);

    private static string Format(FormattableString text) => FormattableString.Invariant(text);
}

/// <summary>What was measured for a target, and whether it is met.</summary>
internal sealed record TargetVerdict(string Measured, bool IsMet);
