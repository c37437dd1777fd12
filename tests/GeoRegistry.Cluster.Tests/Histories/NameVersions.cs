using GeoRegistry.Ledgers.Commits;

namespace GeoRegistry.Cluster.Tests.Histories;

/// <summary>One change of a name in its home's ledger: to what, null where it was deleted, and by which write.</summary>
internal readonly record struct NameChange(string? Value, WriteId By);

/// <summary>What a name stood for, one after the other, as its home's ledger has it. Version 0 is nothing. Immutable.</summary>
internal sealed class NameVersions
{
    private readonly NameChange[] _changes;
    private readonly Dictionary<string, int[]> _versionsOf;
    private readonly Dictionary<WriteId, int> _madeBy;

    /// <param name="changes">The changes, in the ledger's order. What is there already makes no version.</param>
    public NameVersions(IEnumerable<NameChange> changes)
    {
        List<NameChange> kept = [default];
        foreach (var change in changes)
        {
            if (change.Value != kept[^1].Value) kept.Add(change);
        }

        _changes = [.. kept];
        var versions = Enumerable.Range(0, Count);
        _versionsOf = versions.GroupBy(version => Key(this[version])).ToDictionary(group => group.Key, group => group.ToArray());
        _madeBy = versions.Skip(1).DistinctBy(MadeBy).ToDictionary(MadeBy);
    }

    /// <summary>How many there are, with version 0.</summary>
    public int Count => _changes.Length;

    public string? this[int version] => _changes[version].Value;

    /// <summary>The write that made a version.</summary>
    public WriteId MadeBy(int version) => _changes[version].By;

    /// <summary>The version that a write made; null where it made none.</summary>
    public int? FindMadeBy(WriteId write) => _madeBy.TryGetValue(write, out var version) ? version : null;

    /// <summary>The versions that have a value, in order.</summary>
    public IReadOnlyList<int> Of(string? value) => _versionsOf.GetValueOrDefault(Key(value), []);

    /// <summary>The first version that has a value, from one on; null where there is none.</summary>
    public int? NextOf(string? value, int from)
    {
        var versions = _versionsOf.GetValueOrDefault(Key(value), []);
        var at = Array.BinarySearch(versions, from);
        if (at < 0) at = ~at;
        return at < versions.Length ? versions[at] : null;
    }

    private static string Key(string? value) => value ?? "";
}
