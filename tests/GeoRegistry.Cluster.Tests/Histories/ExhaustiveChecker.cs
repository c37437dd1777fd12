namespace GeoRegistry.Cluster.Tests.Histories;

/// <summary>Checks a few requests by trying every order of them: slow, and plainly right.</summary>
internal sealed class ExhaustiveChecker(NameVersions versions, IReadOnlyList<NameOperation> operations)
{
    private readonly bool[] _happened = new bool[operations.Count];

    /// <summary>Whether the requests can have happened one after the other, and have made all versions.</summary>
    public bool IsRight(int version = 0)
    {
        if (version == versions.Count - 1
            && Enumerable.Range(0, operations.Count).All(i => _happened[i] || operations[i].Outcome == Outcome.Unknown))
        {
            return true;
        }

        for (var i = 0; i < operations.Count; i++)
        {
            if (_happened[i] || MustWait(operations[i])) continue;
            _happened[i] = true;
            if (FindNext(operations[i], version) is { } next && IsRight(next)) return true;
            _happened[i] = false;
        }

        return false;
    }

    private bool MustWait(NameOperation operation) =>
        Enumerable.Range(0, operations.Count).Any(i => !_happened[i] && operations[i].End < operation.Start);

    // A write makes the version that the ledger says, or sees its own value and makes none.
    private int? FindNext(NameOperation operation, int version)
    {
        var made = operation.Action == NameAction.Write ? versions.FindMadeBy(operation.Id) : null;
        if (made is not null) return made == version + 1 && versions[version + 1] == operation.Value ? made : null;
        return operation.Value == versions[version] ? version : null;
    }
}
