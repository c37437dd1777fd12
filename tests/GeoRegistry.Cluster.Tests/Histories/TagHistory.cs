namespace GeoRegistry.Cluster.Tests.Histories;

/// <summary>All requests to one tag, and what is wrong with the answers.</summary>
internal sealed class TagHistory(TagName tag, IReadOnlyList<TagOperation> operations)
{
    /// <summary>Says what is wrong, with the shortest history that shows it; null where nothing is.</summary>
    public string? FindFault()
    {
        if (FindReadFromNowhere() is { } read) return $"{tag}: a read of what nobody wrote:\n{read}";
        if (Linearization.Exists(operations)) return null;
        var shortest = Shortest().Select(Recorded).OrderBy(operation => operation.Start);
        return $"{tag} is not linear, {DescribeRegions()}:\n{string.Join('\n', shortest)}";
    }

    // A region that is wrong by itself shows old values after an acknowledgement; regions that differ only do so while a write is under way.
    private string DescribeRegions()
    {
        var wrong = operations.Select(operation => operation.Region).Distinct().Where(region =>
            !Linearization.Exists(operations.Where(operation => operation.Action == TagAction.Write || operation.Region == region))).ToList();
        return wrong.Count == 0 ? "but in each region by itself it is" : $"nor is it in {string.Join(" and ", wrong)} alone";
    }

    private TagOperation Recorded(TagOperation kept) =>
        operations.First(operation => operation == kept || operation with { Outcome = Outcome.Unknown, End = long.MaxValue } == kept);

    private TagOperation? FindReadFromNowhere() => operations.FirstOrDefault(read =>
        read is { Action: TagAction.Read, Outcome: Outcome.Done, Value: not null }
        && !operations.Any(write => write.Action == TagAction.Write && write.Outcome != Outcome.Refused && write.Value == read.Value && write.Start <= read.End));

    // What ended first is kept; then all is left out that the fault does not need, many at a time and then one by one.
    private List<TagOperation> Shortest()
    {
        var kept = ShortestPrefix();
        for (var size = kept.Count / 2; size > 0;)
        {
            var before = kept.Count;
            for (var at = 0; at + size <= kept.Count;)
            {
                List<TagOperation> left = [.. kept[..at], .. kept[(at + size)..]];
                if (IsExplained(left, kept[at..(at + size)]) && !Linearization.Exists(left)) kept = left;
                else at += size;
            }

            // Once reads are gone, their writes can go.
            if (kept.Count == before) size /= 2;
        }

        return kept;
    }

    // A write stays while what it wrote is read: without it the fault would be another one.
    private static bool IsExplained(List<TagOperation> left, List<TagOperation> removed)
    {
        var read = left.Where(operation => operation.Action == TagAction.Read).Select(operation => operation.Value)
            .Concat(left.Where(operation => operation.Condition == WriteCondition.Is).Select(operation => operation.Expected)).ToHashSet();
        if (left.Exists(operation => operation.Condition == WriteCondition.Absent)) read.Add(null);
        return !removed.Exists(operation => operation.Action == TagAction.Write && read.Contains(operation.Value));
    }

    private List<TagOperation> ShortestPrefix()
    {
        var ends = operations.Where(operation => operation.Outcome == Outcome.Done).Select(operation => operation.End).Order().ToList();
        var (low, high) = (0, ends.Count - 1);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (Linearization.Exists(Until(ends[middle]))) low = middle + 1;
            else high = middle;
        }

        return [.. Until(ends[low])];
    }

    // As it looked at a moment: what had no answer then is unknown.
    private IEnumerable<TagOperation> Until(long moment) => operations
        .Where(operation => operation is { Outcome: not Outcome.Refused, MayBeStale: false } && operation.Start <= moment)
        .Where(operation => operation.End <= moment || operation.Action == TagAction.Write)
        .Select(operation => operation.End <= moment ? operation : operation with { Outcome = Outcome.Unknown, End = long.MaxValue });
}
