namespace GeoRegistry.Cluster.Tests.Histories;

/// <summary>Finds which write made which version.</summary>
/// <remarks>
/// Pushes are told by their values, which are unique. Writes of one value, as deletes are, are matched in order: a version takes, of the
/// writes that may have made it, the one that must have made one first. That finds a writer for every version if there is a way to.
/// </remarks>
internal sealed class WriterMatching(TagVersions versions, TagTimeline timeline)
{
    /// <summary>Fills <see cref="TagTimeline.Made"/>.</summary>
    public void Match()
    {
        var writers = Enumerable.Range(0, timeline.Operations.Count)
            .Where(i => timeline.Operations[i] is { Action: TagAction.Write, Outcome: not Outcome.Refused })
            .GroupBy(i => timeline.Operations[i].Value)
            .Select(group => (Made: versions.Of(group.Key).Where(version => version > 0).ToList(), Writes: group.ToList())).ToList();
        foreach (var (made, writes) in writers.Where(IsTold)) timeline.Made[writes[0]] = made[0];
        timeline.Place(operation => operation.Action == TagAction.Read);
        var ceilings = timeline.LeastFrom(HighestBefore);
        foreach (var (made, writes) in writers.Where(group => !IsTold(group))) MatchInOrder(made, writes, ceilings);
    }

    private static bool IsTold((List<int> Made, List<int> Writes) group) => group is { Made.Count: 1, Writes.Count: 1 };

    // The highest version that an operation leaves to those that ended before it; only what cannot have another version counts.
    private int? HighestBefore(int i) =>
        timeline.Made[i] is { } made ? made - 1
        : timeline.Operations[i] is { Action: TagAction.Read, Value: var value } && versions.Of(value).Count == 1 ? timeline.Seen[i]
        : null;

    private void MatchInOrder(List<int> made, List<int> writes, TagTimeline.Bound[] ceilings)
    {
        writes.Sort((a, b) => timeline.Floors[a].Version.CompareTo(timeline.Floors[b].Version));
        var open = new PriorityQueue<int, (int Highest, long End, long Start)>();
        var next = 0;
        foreach (var version in made)
        {
            for (; next < writes.Count && timeline.Floors[writes[next]].Version < version; next++)
            {
                var write = timeline.Operations[writes[next]];
                open.Enqueue(writes[next], (ceilings[timeline.FirstAfter(write.End)].Version, write.End, write.Start));
            }

            while (open.TryDequeue(out var write, out var limits))
            {
                if (limits.Highest < version) continue;
                timeline.Made[write] = version;
                break;
            }
        }
    }
}
