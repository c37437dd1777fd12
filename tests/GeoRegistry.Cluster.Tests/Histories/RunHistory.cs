using System.Collections.Concurrent;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.Ledgers.Commits;

namespace GeoRegistry.Cluster.Tests.Histories;

/// <summary>Every request of a run. Any number of clients record at once.</summary>
internal sealed class RunHistory
{
    private static readonly NameVersions NoVersions = new([]);

    private readonly ConcurrentQueue<NameOperation> _operations = new();
    private readonly ConcurrentQueue<string> _faults = new();
    private readonly ConcurrentDictionary<(string Repository, string Digest), bool> _deletions = new();

    public IEnumerable<ManifestName> Names => _operations.Select(operation => operation.Name).Distinct();

    public int Count => _operations.Count;

    public void Add(NameOperation operation) => _operations.Enqueue(operation);

    /// <summary>Records an answer that is wrong by itself.</summary>
    public void Fault(string what) => _faults.Enqueue(what);

    /// <summary>Records that content is about to be deleted by its digest.</summary>
    public void AddDeletion(string repository, string digest) => _deletions[(repository, digest)] = true;

    /// <summary>Whether content may be gone because somebody asked for that.</summary>
    public bool MayBeDeleted(string repository, string digest) => _deletions.ContainsKey((repository, digest));

    /// <summary>Nothing is wrong, checked by the order in which the homes committed.</summary>
    /// <param name="regions">All regions, stopped, so that their ledgers can be read.</param>
    public void AssertRight(IEnumerable<ClusterRegion> regions)
    {
        var faults = FindFaults(LedgerNames.Read(regions));
        Assert.True(faults.Count == 0, $"{faults.Count} faults:\n{string.Join('\n', faults)}");
    }

    /// <summary>Says what is wrong: the first thing of each name, and of the names some.</summary>
    /// <param name="versions">Of each name that ever was.</param>
    public IReadOnlyList<string> FindFaults(IReadOnlyDictionary<ManifestName, NameVersions> versions)
    {
        var deletes = _operations.Where(operation => operation is { Action: NameAction.Write, Value: null, Name.IsDigest: true })
            .ToDictionary(operation => operation.Id);
        return
        [
            .. _faults.Take(20),
            .. _operations.GroupBy(operation => operation.Name).Select(name => FindFault(
                name.Key, versions.GetValueOrDefault(name.Key, NoVersions), [.. name], deletes)).OfType<string>().Take(5),
        ];
    }

    private static string? FindFault(
        ManifestName name, NameVersions versions, List<NameOperation> operations, IReadOnlyDictionary<WriteId, NameOperation> deletes)
    {
        // The deletion of a manifest by its digest deletes the tags that name it.
        for (var version = 1; !name.IsDigest && version < versions.Count; version++)
        {
            if (versions[version] is null
                && deletes.TryGetValue(versions.MadeBy(version), out var delete)
                && delete.Name == name.ByDigest(versions[version - 1]!))
            {
                operations.Add(delete with { Name = name });
            }
        }

        return new NameHistory(name, versions, operations).FindFault();
    }
}
