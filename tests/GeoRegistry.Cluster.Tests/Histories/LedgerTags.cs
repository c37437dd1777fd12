using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.Ledgers.Commits;

namespace GeoRegistry.Cluster.Tests.Histories;

/// <summary>Reads what every tag named from the ledgers of stopped regions.</summary>
internal static class LedgerTags
{
    /// <summary>The versions of every tag that ever was, as the homes committed them.</summary>
    /// <param name="regions">The regions, stopped. Each has the commits that it made itself.</param>
    public static IReadOnlyDictionary<TagName, TagVersions> Read(IEnumerable<ClusterRegion> regions)
    {
        var changes = new Dictionary<TagName, List<string?>>();
        foreach (var repository in regions.SelectMany(ReadCommits).GroupBy(commit => commit.Ledger.Name))
        {
            long last = 0;
            foreach (var commit in repository.OrderBy(commit => commit.Number))
            {
                Assert.True(commit.Number == ++last, $"After {repository.Key}'s commit {last - 1} comes {commit.Number}.");
                foreach (var operation in commit.Operations) Add(repository.Key, operation);
            }
        }

        return changes.ToDictionary(tag => tag.Key, tag => new TagVersions(tag.Value));

        void Add(string repository, Operation operation)
        {
            (string Tag, string? Value)? change = operation switch
            {
                Operation.TagSet(var tag, var digest) => ($"{tag}", $"{digest}"),
                Operation.TagDeleted(var tag) => ($"{tag}", null),
                _ => null,
            };
            if (change is not var (name, value)) return;
            if (!changes.TryGetValue(new TagName(repository, name), out var values)) changes[new TagName(repository, name)] = values = [];
            values.Add(value);
        }
    }

    private static IEnumerable<Commit> ReadCommits(ClusterRegion region) =>
        LedgerAudit.Query(region.DataFolder, $"SELECT encoded FROM commits WHERE region = '{region.Id}'", row => CommitCodec.Decode((byte[])row.GetValue(0)));
}
