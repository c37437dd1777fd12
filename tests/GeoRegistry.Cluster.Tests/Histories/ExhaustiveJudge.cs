namespace GeoRegistry.Cluster.Tests.Histories;

/// <summary>Judges a few requests by trying every order of them: slow, and plainly right.</summary>
internal sealed class ExhaustiveJudge(TagVersions versions, IReadOnlyList<TagOperation> operations)
{
    private readonly bool[] _happened = new bool[operations.Count];

    /// <summary>Whether the requests can have happened one after the other, and have made all versions.</summary>
    public bool IsRight(int version = 0)
    {
        if (version == versions.Count - 1 && Enumerable.Range(0, operations.Count).All(i => _happened[i] || operations[i].Outcome == Outcome.Unknown)) return true;
        for (var i = 0; i < operations.Count; i++)
        {
            if (_happened[i] || MustWait(operations[i])) continue;
            _happened[i] = true;
            if (Nexts(operations[i], version).Any(IsRight)) return true;
            _happened[i] = false;
        }

        return false;
    }

    private bool MustWait(TagOperation operation) =>
        Enumerable.Range(0, operations.Count).Any(i => !_happened[i] && operations[i].End < operation.Start);

    private IEnumerable<int> Nexts(TagOperation operation, int version)
    {
        if (operation.Value == versions[version]) yield return version;
        if (operation.Action == TagAction.Write && version + 1 < versions.Count && operation.Value == versions[version + 1]) yield return version + 1;
    }
}
