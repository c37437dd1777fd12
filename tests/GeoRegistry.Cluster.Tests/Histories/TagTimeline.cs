namespace GeoRegistry.Cluster.Tests.Histories;

/// <summary>The requests to one tag in order of their starts, each with the version that it saw or made.</summary>
/// <remarks>A takes no higher version than B where A ended before B began, and a lower one where B made its own.</remarks>
internal sealed class TagTimeline
{
    private readonly TagVersions _versions;
    private readonly TagOperation[] _operations;
    private readonly int[] _byEnd;

    public TagTimeline(TagVersions versions, IEnumerable<TagOperation> operations)
    {
        (_versions, _operations) = (versions, [.. operations.OrderBy(operation => operation.Start)]);
        _byEnd = [.. Enumerable.Range(0, _operations.Length).OrderBy(i => _operations[i].End)];
        Made = new int?[_operations.Length];
        Seen = new int?[_operations.Length];
        Floors = new Bound[_operations.Length];
    }

    public IReadOnlyList<TagOperation> Operations => _operations;

    /// <summary>The version that each write made; null where it made none.</summary>
    public int?[] Made { get; }

    /// <summary>
    /// The least version that each may have seen or made, as <see cref="Place"/> found it; null where there is none, or
    /// it says nothing.
    /// </summary>
    public int?[] Seen { get; }

    /// <summary>The greatest version of what had ended before each began.</summary>
    public Bound[] Floors { get; }

    /// <summary>
    /// Gives each operation its version: a write the one that it made, and what saw a value the first with that value
    /// that is not below the floor.
    /// </summary>
    /// <param name="saw">Whether an operation saw its value; else it has a version only where it made one.</param>
    public void Place(Func<TagOperation, bool> saw)
    {
        var (floor, ended) = (new Bound(0, null), 0);
        for (var i = 0; i < _operations.Length; i++)
        {
            for (; _operations[_byEnd[ended]].End < _operations[i].Start; ended++)
            {
                if (Seen[_byEnd[ended]] is { } seen && (seen > floor.Version || floor.By is null)) floor = new Bound(seen, _byEnd[ended]);
            }

            Floors[i] = floor;
            Seen[i] = Made[i] ?? (saw(_operations[i]) ? _versions.NextOf(_operations[i].Value, floor.Version) : null);
        }
    }

    /// <summary>For a suffix of the operations, the least of their versions.</summary>
    /// <param name="version">The version of an operation; null where it does not count.</param>
    /// <returns>One for each operation, and one for none of them, which is above all versions.</returns>
    public Bound[] LeastFrom(Func<int, int?> version)
    {
        var least = new Bound[_operations.Length + 1];
        least[^1] = new Bound(_versions.Count, null);
        for (var i = _operations.Length - 1; i >= 0; i--) least[i] = version(i) is { } at
            && at < least[i + 1].Version ? new Bound(at, i) : least[i + 1];
        return least;
    }

    /// <summary>The first operation that began after an end.</summary>
    public int FirstAfter(long end)
    {
        var (low, high) = (0, _operations.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_operations[middle].Start > end) high = middle;
            else low = middle + 1;
        }

        return low;
    }

    /// <summary>A version that others must not be below, or above, and the operation that has it.</summary>
    public readonly record struct Bound(int Version, int? By);
}
