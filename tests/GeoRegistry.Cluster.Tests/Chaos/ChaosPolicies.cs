using System.Diagnostics;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.TestKit;

namespace GeoRegistry.Cluster.Tests.Chaos;

/// <summary>Policies that change while regions run: who may have some repositories, and where blobs of some wait for a pull.</summary>
internal sealed class ChaosPolicies(RegionCluster cluster)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, string?> _excluded = new() { ["moody"] = null, ["us-team/moody"] = null };
    private readonly Dictionary<string, bool> _lazy = new() { ["rare"] = true, ["ap-team/rare"] = false };
    private readonly Dictionary<(string Prefix, string Region), long> _admitted = [];
    private int _version = 1;

    /// <summary>The prefixes of repositories whose policies change.</summary>
    public static IReadOnlyList<string> Prefixes { get; } = ["moody", "us-team/moody", "rare", "ap-team/rare"];

    /// <summary>The policies of the first topology.</summary>
    public static IReadOnlyList<PlannedPolicy> First { get; } = [new("rare") { Hydration = "lazy" }];

    /// <summary>Changes one policy, in the file that all regions read.</summary>
    /// <returns>What was changed.</returns>
    public string Change(Random random)
    {
        lock (_lock)
        {
            var prefix = Prefixes[random.Next(Prefixes.Count)];
            var change = _lazy.ContainsKey(prefix) ? Hydrate(prefix) : Exclude(prefix, random);
            cluster.ChangeTopology(++_version,
            [
                .. _excluded.Where(rule => rule.Value is not null)
                    .Select(rule => new PlannedPolicy(rule.Key) { Regions = [.. RegionsBut(rule.Value)] }),
                .. _lazy.Where(rule => rule.Value).Select(rule => new PlannedPolicy(rule.Key) { Hydration = "lazy" }),
            ]);
            return change;
        }
    }

    /// <summary>Ends when all regions, which must be up, have adopted the last change.</summary>
    public async Task AwaitAdoptedAsync()
    {
        foreach (var region in cluster.Regions)
        {
            await Waiting.UntilAsync($"{region.Id} adopts version {_version} of the topology", async () =>
                (await region.Client.GetJsonAsync<ReplicationStatus>($"/api/v1/replication?region={region.Id}")).Topology == _version);
        }

        lock (_lock)
        {
            foreach (var (prefix, region) in _admitted
                .Where(rule => rule.Value == long.MaxValue && _excluded[rule.Key.Prefix] != rule.Key.Region)
                .Select(rule => rule.Key)
                .ToList())
            {
                _admitted[(prefix, region)] = Stopwatch.GetTimestamp();
            }
        }
    }

    /// <summary>Whether a region may have a repository now.</summary>
    public bool Allows(string region, string repository)
    {
        lock (_lock) return PrefixOf(repository) is not { } prefix || _excluded.GetValueOrDefault(prefix) != region;
    }

    /// <summary>Whether a region may be kept out of a repository: what was uploaded there is then out of the others' reach.</summary>
    public static bool MayKeepOut(string repository) =>
        PrefixOf(repository) is { } prefix && prefix.EndsWith("moody", StringComparison.Ordinal);

    /// <summary>Whether a region is to have all blobs of a repository.</summary>
    public bool Hydrates(string region, string repository)
    {
        lock (_lock)
            return Allows(region, repository)
                && (PrefixOf(repository) is not { } prefix || !_lazy.GetValueOrDefault(prefix) || HomeOf(prefix) == region);
    }

    /// <summary>Whether a region may have refused a repository by its policy at some moment since a start.</summary>
    /// <param name="region">The region.</param>
    /// <param name="repository">The repository.</param>
    /// <param name="start">In ticks of <see cref="Stopwatch"/>.</param>
    public bool MayRefuseSince(string region, string repository, long start)
    {
        lock (_lock) return PrefixOf(repository) is { } prefix && _admitted.GetValueOrDefault((prefix, region)) > start;
    }

    private string Hydrate(string prefix)
    {
        _lazy[prefix] = !_lazy[prefix];
        return $"{prefix} becomes {(_lazy[prefix] ? "lazy" : "eager")}";
    }

    private string Exclude(string prefix, Random random)
    {
        string?[] others = [null, .. RegionsBut(HomeOf(prefix))];
        others = [.. others.Where(region => region != _excluded[prefix])];
        var next = _excluded[prefix] = others[random.Next(others.Length)];
        if (next is null) return $"{prefix} is let in everywhere";
        _admitted[(prefix, next)] = long.MaxValue;
        return $"{prefix} is kept out of {next}";
    }

    private IEnumerable<string> RegionsBut(string? excluded) =>
        cluster.Regions.Select(region => region.Id).Where(region => region != excluded);

    private static string? PrefixOf(string repository) =>
        Prefixes.FirstOrDefault(prefix => repository.StartsWith($"{prefix}/", StringComparison.Ordinal));

    private static string HomeOf(string prefix) => ClusterPlan.HomeInEveryRegion
        .Where(home => prefix.StartsWith(home.Prefix, StringComparison.Ordinal))
        .MaxBy(home => home.Prefix.Length)!
        .Region;
}
