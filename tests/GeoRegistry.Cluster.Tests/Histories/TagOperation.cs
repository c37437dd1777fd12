using System.Diagnostics;

namespace GeoRegistry.Cluster.Tests.Histories;

/// <summary>What a tag is asked for or told to be.</summary>
internal enum TagAction
{
    /// <summary>It names a digest, or nothing.</summary>
    Read,

    /// <summary>It is to name a digest, or nothing.</summary>
    Write,
}

/// <summary>How a request ended.</summary>
internal enum Outcome
{
    /// <summary>It did what it was to do.</summary>
    Done,

    /// <summary>It did nothing.</summary>
    Refused,

    /// <summary>Nobody knows: no answer came, or one that does not say.</summary>
    Unknown,
}

/// <summary>What a write demands of what stands.</summary>
internal enum WriteCondition
{
    None,
    Absent,
    Is,
}

/// <summary>A repository's tag: a register that all regions show.</summary>
internal readonly record struct TagName(string Repository, string Tag)
{
    public override string ToString() => $"{Repository}:{Tag}";
}

/// <summary>
/// One request to one tag, from before it was sent until after it was answered. Times are ticks of
/// <see cref="Stopwatch"/>.
/// </summary>
internal sealed record TagOperation(string Region, TagName Tag, TagAction Action, string? Value, long Start, long End)
{
    public Outcome Outcome { get; init; } = Outcome.Done;

    public WriteCondition Condition { get; init; }

    /// <summary>What must stand, where the condition is <see cref="WriteCondition.Is"/>.</summary>
    public string? Expected { get; init; }

    /// <summary>The region said that the answer may be old: then it need only be one that the tag once had.</summary>
    public bool MayBeStale { get; init; }

    public override string ToString()
    {
        var condition = Condition switch { WriteCondition.Absent => " if absent", WriteCondition.Is => $" if {Short(Expected)}", _ => "" };
        var end = End == long.MaxValue ? "?" : $"{Milliseconds(End):0.0}";
        return $"{Milliseconds(Start),10:0.0} – {end,10} ms  {Region}  {Action} {Short(Value)}{condition}{(Outcome == Outcome.Done ? "" : $" ({Outcome})")}{(MayBeStale ? " (may be stale)" : "")}";
    }

    private static double Milliseconds(long ticks) => 1000.0 * ticks / Stopwatch.Frequency;

    public static string Short(string? value) => value is null ? "nothing" : value.Length > 19 ? value[..19] : value;
}
