namespace GeoRegistry.Cluster.Tests.Histories;

/// <summary>Judges whether the requests to one tag can have happened one after the other, each at some moment between its start and its end.</summary>
/// <remarks>
/// The search of Wing and Gong with Lowe's memory of states: next is whatever began before anything else that is left ended. A write
/// without an answer may happen at any moment after its start, or never. A tag names nothing at first.
/// </remarks>
internal sealed class Linearization
{
    private readonly TagOperation[] _required;
    private readonly TagOperation[] _optional;

    private Linearization(IEnumerable<TagOperation> operations)
    {
        var binding = operations.Where(operation => operation is { Outcome: not Outcome.Refused, MayBeStale: false })
            .Where(operation => operation.Action == TagAction.Write || operation.Outcome == Outcome.Done).ToList();
        var settled = SettleUnknown(binding);
        _required = [.. settled.Where(operation => operation.Outcome == Outcome.Done).OrderBy(operation => operation.Start)];
        _optional = [.. settled.Where(operation => operation.Outcome == Outcome.Unknown).OrderBy(operation => operation.Start)];
    }

    /// <summary>Whether there is such an order.</summary>
    public static bool Exists(IEnumerable<TagOperation> operations) => new Linearization(operations).Search();

    // A write without an answer that was read has happened before that read ended; one that was never read may as well not have happened.
    private static IEnumerable<TagOperation> SettleUnknown(List<TagOperation> operations)
    {
        var conditional = operations.Exists(operation => operation.Condition != WriteCondition.None);
        foreach (var operation in operations)
        {
            var unique = operation is { Outcome: Outcome.Unknown, Value: not null }
                && operations.Count(other => other.Action == TagAction.Write && other.Value == operation.Value) == 1;
            var reads = unique ? operations.Where(other => other.Action == TagAction.Read && other.Value == operation.Value).ToList() : [];
            if (reads.Count > 0) yield return operation with { Outcome = Outcome.Done, End = Math.Max(operation.Start, reads.Min(read => read.End)) };
            else if (!unique || conditional) yield return operation;
        }
    }

    private bool Search()
    {
        var seen = new HashSet<(int, string, string?)>();
        var open = new Stack<State>();
        open.Push(new State(0, [], [], null));
        while (open.TryPop(out var state))
        {
            if (state.First == _required.Length) return true;
            if (!seen.Add((state.First, state.Key, state.Value))) continue;
            foreach (var next in Nexts(state)) open.Push(next);
        }

        return false;
    }

    private IEnumerable<State> Nexts(State state)
    {
        var firstEnd = long.MaxValue;
        var last = state.First;
        for (; last < _required.Length && _required[last].Start <= firstEnd; last++)
        {
            if (!state.Ahead.Contains(last)) firstEnd = Math.Min(firstEnd, _required[last].End);
        }

        for (var i = 0; i < _optional.Length && _optional[i].Start <= firstEnd; i++)
        {
            if (!state.Optional.Contains(i) && Allows(_optional[i], state.Value)) yield return state with { Optional = [.. state.Optional, i], Value = _optional[i].Value };
        }

        for (var i = last - 1; i >= state.First; i--)
        {
            if (!state.Ahead.Contains(i) && _required[i].Start <= firstEnd && Allows(_required[i], state.Value))
                yield return Take(state, i, _required[i].Action == TagAction.Write ? _required[i].Value : state.Value);
        }
    }

    private static State Take(State state, int index, string? value)
    {
        SortedSet<int> ahead = [.. state.Ahead, index];
        var first = state.First;
        while (ahead.Remove(first)) first++;
        return state with { First = first, Ahead = ahead, Value = value };
    }

    private static bool Allows(TagOperation operation, string? value) => operation switch
    {
        { Action: TagAction.Read } => operation.Value == value,
        { Condition: WriteCondition.Absent } => value is null,
        { Condition: WriteCondition.Is } => value == operation.Expected,
        _ => true,
    };

    /// <summary>What has happened: all required before the first, those ahead of it, and some optional ones.</summary>
    private sealed record State(int First, SortedSet<int> Ahead, SortedSet<int> Optional, string? Value)
    {
        public string Key => $"{string.Join(',', Ahead)};{string.Join(',', Optional)}";
    }
}
