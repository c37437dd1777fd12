namespace GeoRegistry.Cluster.Tests.Histories;

/// <summary>The requests to one name in order of their starts, each with the version that it saw or made.</summary>
/// <remarks>A takes no higher version than B where A ended before B began, and a lower one where B made its own.</remarks>
internal sealed class NameTimeline
{
    private readonly NameVersions _versions;
    private readonly NameOperation[] _operations;

    public NameTimeline(NameVersions versions, IEnumerable<NameOperation> operations)
    {
        (_versions, _operations) = (versions, [.. operations.OrderBy(operation => operation.Start)]);
        Made = [.. _operations.Select(FindMade)];
        Seen = new int?[_operations.Length];
        Floors = new Bound[_operations.Length];
        Ceilings = new Bound[_operations.Length + 1];
        PlaceFromBelow();
        LimitFromAbove();
    }

    public IReadOnlyList<NameOperation> Operations => _operations;

    /// <summary>The version that each write made; null where it made none.</summary>
    public IReadOnlyList<int?> Made { get; }

    /// <summary>
    /// The least version that each may have seen or made: a write the one that it made, and what saw a value the first with that value
    /// that is not below the floor. Null where there is none, or it says nothing.
    /// </summary>
    public int?[] Seen { get; }

    /// <summary>The greatest version of what had ended before each began.</summary>
    public Bound[] Floors { get; }

    /// <summary>The least version that each or one after it made; one more for none of them, which is above all versions.</summary>
    public Bound[] Ceilings { get; }

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

    private int? FindMade(NameOperation operation) =>
        operation.Action == NameAction.Write && _versions.FindMadeBy(operation.Id) is { } made && _versions[made] == operation.Value
            ? made
            : null;

    private void PlaceFromBelow()
    {
        int[] byEnd = [.. Enumerable.Range(0, _operations.Length).OrderBy(i => _operations[i].End)];
        var (floor, ended) = (new Bound(0, null), 0);
        for (var i = 0; i < _operations.Length; i++)
        {
            for (; _operations[byEnd[ended]].End < _operations[i].Start; ended++)
            {
                if (Seen[byEnd[ended]] is { } seen && (seen > floor.Version || floor.By is null)) floor = new Bound(seen, byEnd[ended]);
            }

            Floors[i] = floor;
            Seen[i] = Made[i] ?? (_operations[i].Outcome == Outcome.Done ? _versions.NextOf(_operations[i].Value, floor.Version) : null);
        }
    }

    private void LimitFromAbove()
    {
        Ceilings[^1] = new Bound(_versions.Count, null);
        for (var i = _operations.Length - 1; i >= 0; i--)
            Ceilings[i] = Made[i] is { } made && made < Ceilings[i + 1].Version ? new Bound(made, i) : Ceilings[i + 1];
    }

    /// <summary>A version that others must not be below, or above, and the operation that has it.</summary>
    public readonly record struct Bound(int Version, int? By);
}
