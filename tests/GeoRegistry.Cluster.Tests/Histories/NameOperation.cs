using System.Diagnostics;
using GeoRegistry.Ledgers.Commits;

namespace GeoRegistry.Cluster.Tests.Histories;

/// <summary>What a name is asked for or told to be.</summary>
internal enum NameAction
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

/// <summary>What a write demands of what is there.</summary>
internal enum WriteCondition
{
    None,
    Absent,
    Is,
}

/// <summary>
/// A tag or a digest of a repository: a register that all regions show. A tag names a manifest or nothing; a digest names itself, where
/// the repository has the manifest, or nothing.
/// </summary>
internal readonly record struct ManifestName(string Repository, string Reference)
{
    public bool IsDigest => Reference.Contains(':');

    /// <summary>The name that a manifest has by its digest.</summary>
    public ManifestName ByDigest(string digest) => this with { Reference = digest };

    public override string ToString() => $"{Repository}{(IsDigest ? '@' : ':')}{NameOperation.Short(Reference)}";
}

/// <summary>
/// What one request to one name asked or said, from before it was sent until after it was answered. Times are ticks of
/// <see cref="Stopwatch"/>.
/// </summary>
internal sealed record NameOperation(string Region, ManifestName Name, NameAction Action, string? Value, long Start, long End)
{
    public Outcome Outcome { get; init; } = Outcome.Done;

    /// <summary>The id of a write: the commit that carries it out has it too.</summary>
    public WriteId Id { get; init; }

    public WriteCondition Condition { get; init; }

    /// <summary>What must be there, where the condition is <see cref="WriteCondition.Is"/>.</summary>
    public string? Expected { get; init; }

    /// <summary>The region said that the answer may be old: then it need only be one that the name once had.</summary>
    public bool MayBeStale { get; init; }

    /// <summary>Whether the condition of a write holds where the name is this before it.</summary>
    public bool Allows(string? before) => Condition switch
    {
        WriteCondition.Absent => before is null,
        WriteCondition.Is => before == Expected,
        _ => true,
    };

    public override string ToString()
    {
        var condition = Condition switch { WriteCondition.Absent => " if absent", WriteCondition.Is => $" if {Short(Expected)}", _ => "" };
        var end = End == long.MaxValue ? "?" : $"{Milliseconds(End):0.0}";
        return $"{Milliseconds(Start),10:0.0} – {end,10} ms  {Region}  {Action} {Short(Value)}{condition}"
            + $"{(Outcome == Outcome.Done ? "" : $" ({Outcome})")}{(MayBeStale ? " (may be stale)" : "")}";
    }

    private static double Milliseconds(long ticks) => 1000.0 * ticks / Stopwatch.Frequency;

    public static string Short(string? value) => value is null ? "nothing" : value.Length > 19 ? value[..19] : value;
}
