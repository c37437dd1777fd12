using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.Ledgers.Commits;

namespace GeoRegistry.Cluster.Tests.Histories;

/// <summary>Reads what every tag and digest stood for from the ledgers of stopped regions.</summary>
internal static class LedgerNames
{
    /// <summary>The versions of every name that ever was, as the homes committed them. Each ledger is consistent in itself.</summary>
    /// <param name="regions">The regions, stopped. Each has the commits that it made itself.</param>
    public static IReadOnlyDictionary<ManifestName, NameVersions> Read(IEnumerable<ClusterRegion> regions)
    {
        var names = new Dictionary<ManifestName, NameVersions>();
        foreach (var repository in regions.SelectMany(ReadCommits).GroupBy(commit => commit.Ledger.Name))
        {
            var replay = new LedgerReplay(repository.Key);
            foreach (var commit in repository.OrderBy(commit => commit.Number)) replay.Apply(commit);
            foreach (var (name, changes) in replay.Changes) names[name] = new NameVersions(changes);
        }

        return names;
    }

    private static IEnumerable<Commit> ReadCommits(ClusterRegion region) =>
        LedgerAudit.Query(
            region.DataFolder,
            $"SELECT encoded FROM commits WHERE region = '{region.Id}'",
            row => CommitCodec.Decode((byte[])row.GetValue(0)));
}
