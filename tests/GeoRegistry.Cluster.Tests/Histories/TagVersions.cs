namespace GeoRegistry.Cluster.Tests.Histories;

/// <summary>What a tag named, one after the other, as its home's ledger has it. Version 0 is nothing. Immutable.</summary>
internal sealed class TagVersions
{
    private readonly string?[] _values;
    private readonly Dictionary<string, int[]> _versionsOf;

    /// <param name="changes">What the tag was set to, in the ledger's order; null where it was deleted. What stands already makes no
    /// version.</param>
    public TagVersions(IEnumerable<string?> changes)
    {
        List<string?> values = [null];
        foreach (var value in changes)
        {
            if (value != values[^1]) values.Add(value);
        }

        _values = [.. values];
        _versionsOf = Enumerable.Range(0, _values.Length).GroupBy(version => Key(_values[version])).ToDictionary(group => group.Key, group => group.ToArray());
    }

    /// <summary>How many there are, with version 0.</summary>
    public int Count => _values.Length;

    public string? this[int version] => _values[version];

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
