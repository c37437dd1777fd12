using System.Collections.Concurrent;
using GeoRegistry.Cluster.Tests.Regions;

namespace GeoRegistry.Cluster.Tests.Histories;

/// <summary>Every request of a run. Any number of clients record at once.</summary>
internal sealed class RunHistory
{
    private static readonly TagVersions NoVersions = new([]);

    private readonly ConcurrentQueue<TagOperation> _operations = new();
    private readonly ConcurrentQueue<string> _faults = new();

    public IEnumerable<TagName> Tags => _operations.Select(operation => operation.Tag).Distinct();

    public int Count => _operations.Count;

    public void Add(TagOperation operation) => _operations.Enqueue(operation);

    /// <summary>Records an answer that is wrong by itself.</summary>
    public void Fault(string what) => _faults.Enqueue(what);

    /// <summary>Nothing is wrong, judged by the order in which the homes committed.</summary>
    /// <param name="regions">All regions, stopped, so that their ledgers can be read.</param>
    public void AssertRight(IEnumerable<ClusterRegion> regions)
    {
        var faults = FindFaults(LedgerTags.Read(regions));
        Assert.True(faults.Count == 0, $"{faults.Count} faults:\n{string.Join('\n', faults)}");
    }

    /// <summary>Says what is wrong: the first thing of each tag, and of the tags some.</summary>
    /// <param name="versions">Of each tag that ever was.</param>
    public IReadOnlyList<string> FindFaults(IReadOnlyDictionary<TagName, TagVersions> versions) =>
    [
        .. _faults.Take(20),
        .. _operations.GroupBy(operation => operation.Tag)
            .Select(tag => new TagHistory(tag.Key, versions.GetValueOrDefault(tag.Key, NoVersions), [.. tag]).FindFault()).OfType<string>().Take(5),
    ];
}
