namespace GeoRegistry.Cluster.Tests.Histories;

/// <summary>
/// Checks all requests to one name, a tag or a digest, by the order that its home's ledger gives to the writes: each must have happened
/// at some moment between its start and its end.
/// </summary>
/// <remarks>
/// Commits carry the ids of their writes, so it is known which write made which version. A write without an answer may have happened
/// at any moment after its start, or never. Takes n log n for n requests.
/// </remarks>
internal sealed class NameHistory
{
    private readonly ManifestName _name;
    private readonly NameVersions _versions;
    private readonly NameTimeline _timeline;
    private readonly List<NameOperation> _others;
    private readonly NameOperation?[] _writers;

    public NameHistory(ManifestName name, NameVersions versions, IReadOnlyList<NameOperation> operations)
    {
        (_name, _versions) = (name, versions);
        _timeline = new NameTimeline(versions, operations.Where(IsBinding));
        _others = [.. operations.Where(operation => !IsBinding(operation))];
        _writers = new NameOperation?[versions.Count];
        for (var i = 0; i < _timeline.Operations.Count; i++)
        {
            if (_timeline.Made[i] is { } made) _writers[made] = _timeline.Operations[i];
        }
    }

    /// <summary>Says the first thing that is wrong, with the requests and versions that show it; null where nothing is.</summary>
    public string? FindFault() => FindVersionFromNowhere() ?? FindWrongWrite() ?? FindWrongOrder() ?? FindWrongStaleRead();

    private static bool IsBinding(NameOperation operation) => operation is { Outcome: not Outcome.Refused, MayBeStale: false };

    private string? FindVersionFromNowhere()
    {
        var version = Array.IndexOf(_writers, null, 1);
        if (version < 0) return null;
        var refused = _others.Find(operation => operation.Outcome == Outcome.Refused && operation.Id == _versions.MadeBy(version));
        return Say("the ledger has a version that no write can have made", [version - 1, version, version + 1], ("refused", refused));
    }

    // What an acknowledged write says must have been so at once after it; in which order is checked later.
    private string? FindWrongWrite()
    {
        for (var i = 0; i < _timeline.Operations.Count; i++)
        {
            var write = _timeline.Operations[i];
            if (write.Action != NameAction.Write) continue;
            if (_timeline.Made[i] is not { } made)
            {
                if (write.Outcome != Outcome.Done) continue;
                if (_versions.Of(write.Value).Count == 0)
                    return Say("an acknowledged write is no version of the ledger", [_versions.Count - 1], ("write", write));
                if (!write.Allows(write.Value))
                    return Say(
                        "a write was acknowledged whose condition did not hold: it changed nothing",
                        [.. _versions.Of(write.Value).Take(3)],
                        ("write", write));
            }
            else if (!write.Allows(_versions[made - 1]))
            {
                return Say("a write happened whose condition did not hold", [made - 1, made], ("write", write));
            }
        }

        return null;
    }

    private string? FindWrongOrder()
    {
        for (var i = 0; i < _timeline.Operations.Count; i++)
        {
            var (operation, floor) = (_timeline.Operations[i], _timeline.Floors[i]);
            if (_timeline.Made[i] is { } made)
            {
                if (floor.Version >= made)
                    return Say(
                        "a write has its place in the ledger before what had ended before it began",
                        [made, floor.Version],
                        ("write", operation),
                        ("before", By(floor)));
                continue;
            }

            if (operation.Outcome != Outcome.Done) continue;
            if (_timeline.Seen[i] is not { } seen) return SayOld(operation, floor);
            if (_timeline.Ceilings[_timeline.FirstAfter(operation.End)] is var ceiling && seen >= ceiling.Version)
                return Say(
                    $"{Describe(operation)} has what came later",
                    [floor.Version, ceiling.Version, seen],
                    (Describe(operation), operation),
                    ("before", By(floor)),
                    ("after", By(ceiling)));
        }

        return null;
    }

    private string? FindWrongStaleRead() => _others.Find(read =>
        read is { Outcome: Outcome.Done, MayBeStale: true, Action: NameAction.Read, Value: not null }
        && !_versions.Of(read.Value).Any(version => _writers[version]!.Start <= read.End)) is { } wrong
            ? Say("a stale read of what the name never had before", [.. _versions.Of(wrong.Value).Take(3)], ("read", wrong))
            : null;

    private string SayOld(NameOperation operation, NameTimeline.Bound floor)
    {
        var had = _versions.Of(operation.Value);
        return had.Count == 0
            ? Say(
                $"{Describe(operation)} has what the ledger never had",
                [floor.Version],
                (Describe(operation), operation),
                ("before", By(floor)))
            : Say(
                $"{Describe(operation)} has what was no longer so",
                [had[^1], had[^1] + 1, floor.Version],
                (Describe(operation), operation),
                ("before", By(floor)));
    }

    private static string Describe(NameOperation operation) => operation.Action == NameAction.Read ? "read" : "write that changed nothing";

    private NameOperation? By(NameTimeline.Bound bound) => bound.By is { } by ? _timeline.Operations[by] : null;

    private string Say(string what, IEnumerable<int> versions, params (string Name, NameOperation? Operation)[] operations) =>
        string.Join('\n',
    [
        $"{_name}: {what}",
        .. operations.Where(operation => operation.Operation is not null)
            .Select(operation => $"  {operation.Name}: {operation.Operation}"),
        .. versions.Where(version => version >= 0 && version < _versions.Count).Distinct().Order()
            .Select(version => $"  version {version} of {_versions.Count - 1}: {NameOperation.Short(_versions[version])}"
                + $"{(_writers[version] is { } writer ? $", made by {writer}" : "")}"),
    ]);
}
