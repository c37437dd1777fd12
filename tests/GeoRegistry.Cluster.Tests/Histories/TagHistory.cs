namespace GeoRegistry.Cluster.Tests.Histories;

/// <summary>
/// Judges all requests to one tag by the order that its home's ledger gives to the writes: each must have happened at
/// some moment between its start and its end.
/// </summary>
/// <remarks>A write without an answer may have happened at any moment after its start, or never. Takes n log n for n requests.</remarks>
internal sealed class TagHistory
{
    private readonly TagName _tag;
    private readonly TagVersions _versions;
    private readonly TagTimeline _timeline;
    private readonly ILookup<string?, TagOperation> _others;
    private readonly TagOperation?[] _writers;

    public TagHistory(TagName tag, TagVersions versions, IReadOnlyList<TagOperation> operations)
    {
        (_tag, _versions) = (tag, versions);
        _timeline = new TagTimeline(versions, operations.Where(IsBinding));
        _others = operations.Where(operation => !IsBinding(operation)).ToLookup(operation => operation.Value);
        _writers = new TagOperation?[versions.Count];
        new WriterMatching(versions, _timeline).Match();
        for (var i = 0; i < _timeline.Operations.Count; i++)
        {
            if (_timeline.Made[i] is { } made) _writers[made] = _timeline.Operations[i];
        }
    }

    /// <summary>Says the first thing that is wrong, with the requests and versions that show it; null where nothing is.</summary>
    public string? FindFault() => FindVersionFromNowhere() ?? FindWrongWrite() ?? FindWrongOrder() ?? FindWrongStaleRead();

    private static bool IsBinding(TagOperation operation) => operation is { Outcome: not Outcome.Refused, MayBeStale: false };

    private string? FindVersionFromNowhere()
    {
        var version = Array.IndexOf(_writers, null, 1);
        if (version < 0) return null;
        var refused = _others[_versions[version]].FirstOrDefault(operation => operation.Outcome == Outcome.Refused && operation.Value is not null);
        return Say("the ledger has a version that no write can have made", [version - 1, version, version + 1], ("refused", refused));
    }

    // What an acknowledged write says must have stood at once after it; in which order is judged later.
    private string? FindWrongWrite()
    {
        for (var i = 0; i < _timeline.Operations.Count; i++)
        {
            var write = _timeline.Operations[i];
            if (write.Action != TagAction.Write) continue;
            if (_timeline.Made[i] is not { } made)
            {
                if (write.Outcome != Outcome.Done) continue;
                if (_versions.Of(write.Value).Count == 0) return Say("an acknowledged write is no version of the ledger", [_versions.Count - 1], ("write", write));
                if (!Allows(write, write.Value)) return Say("a write was acknowledged whose condition did not hold: it changed nothing", [.. _versions.Of(write.Value).Take(3)], ("write", write));
            }
            else if (!Allows(write, _versions[made - 1]))
            {
                return Say("a write happened whose condition did not hold", [made - 1, made], ("write", write));
            }
        }

        return null;
    }

    private string? FindWrongOrder()
    {
        _timeline.Place(operation => operation.Outcome == Outcome.Done);
        var ceilings = _timeline.LeastFrom(i => _timeline.Made[i]);
        for (var i = 0; i < _timeline.Operations.Count; i++)
        {
            var (operation, floor) = (_timeline.Operations[i], _timeline.Floors[i]);
            if (_timeline.Made[i] is { } made)
            {
                if (floor.Version >= made) return Say("a write has its place in the ledger before what had ended before it began", [made, floor.Version], ("write", operation), ("before", By(floor)));
                continue;
            }

            if (operation.Outcome != Outcome.Done) continue;
            if (_timeline.Seen[i] is not { } seen) return SayOld(operation, floor);
            if (ceilings[_timeline.FirstAfter(operation.End)] is var ceiling && seen >= ceiling.Version)
                return Say($"{Name(operation)} has what came later", [floor.Version, ceiling.Version, seen], (Name(operation), operation), ("before", By(floor)), ("after", By(ceiling)));
        }

        return null;
    }

    private string? FindWrongStaleRead() => _others.SelectMany(group => group).FirstOrDefault(read =>
        read is { Outcome: Outcome.Done, MayBeStale: true, Action: TagAction.Read, Value: not null }
        && !_versions.Of(read.Value).Any(version => _writers[version]!.Start <= read.End)) is { } wrong
            ? Say("a stale read of what the tag never had before", [.. _versions.Of(wrong.Value).Take(3)], ("read", wrong))
            : null;

    private string SayOld(TagOperation operation, TagTimeline.Bound floor)
    {
        var had = _versions.Of(operation.Value);
        return had.Count == 0
            ? Say($"{Name(operation)} has what the ledger never had", [floor.Version], (Name(operation), operation), ("before", By(floor)))
            : Say($"{Name(operation)} has what no longer stood", [had[^1], had[^1] + 1, floor.Version], (Name(operation), operation), ("before", By(floor)));
    }

    private static string Name(TagOperation operation) => operation.Action == TagAction.Read ? "read" : "write that changed nothing";

    private static bool Allows(TagOperation write, string? standing) => write.Condition switch
    {
        WriteCondition.Absent => standing is null,
        WriteCondition.Is => standing == write.Expected,
        _ => true,
    };

    private TagOperation? By(TagTimeline.Bound bound) => bound.By is { } by ? _timeline.Operations[by] : null;

    private string Say(string what, IEnumerable<int> versions, params (string Name, TagOperation? Operation)[] operations) =>
        string.Join('\n',
    [
        $"{_tag}: {what}",
        .. operations.Where(operation => operation.Operation is not null).Select(operation => $"  {operation.Name}: {operation.Operation}"),
        .. versions.Where(version => version >= 0 && version < _versions.Count).Distinct().Order()
            .Select(version => $"  version {version} of {_versions.Count - 1}: {TagOperation.Short(_versions[version])}{(_writers[version] is { } writer ? $", made by {writer}" : "")}"),
    ]);
}
