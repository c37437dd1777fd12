using System.Collections.Concurrent;

namespace GeoRegistry.Cluster.Tests.Histories;

/// <summary>Every request of a run. Any number of clients record at once.</summary>
internal sealed class RunHistory
{
    private readonly ConcurrentQueue<TagOperation> _operations = new();
    private readonly ConcurrentQueue<string> _faults = new();

    public IReadOnlyList<TagOperation> Operations => [.. _operations];

    public IEnumerable<TagName> Tags => _operations.Select(operation => operation.Tag).Distinct();

    public int Count => _operations.Count;

    public void Add(TagOperation operation) => _operations.Enqueue(operation);

    /// <summary>Records an answer that is wrong by itself.</summary>
    public void Fault(string what) => _faults.Enqueue(what);

    /// <summary>Says all that is wrong.</summary>
    public IReadOnlyList<string> FindFaults() =>
    [
        .. _faults.Take(20),
        .. _operations.GroupBy(operation => operation.Tag).Select(tag => new TagHistory(tag.Key, [.. tag]).FindFault()).OfType<string>().Take(5),
    ];

    public void AssertRight()
    {
        var faults = FindFaults();
        Assert.True(faults.Count == 0, $"{faults.Count} faults:\n{string.Join('\n', faults)}");
    }
}
