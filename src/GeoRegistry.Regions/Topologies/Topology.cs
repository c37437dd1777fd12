using GeoRegistry.Ledgers;
using GeoRegistry.Protocol;

namespace GeoRegistry.Regions.Topologies;

/// <summary>
/// The document that all regions agree on: which they are, which is the home of what, and how far content is copied.
/// Immutable.
/// </summary>
/// <remarks>Homes and policies are pure functions of it: longest prefix wins, and a prefix matches whole components of a name.</remarks>
public sealed class Topology
{
    private readonly PrefixRules<Home> _homes;
    private readonly PrefixRules<PolicyRule> _policies;
    private readonly PolicyRule _everywhere;

    /// <summary>A topology, which <see cref="TopologyReader"/> has validated.</summary>
    internal Topology(long version, IReadOnlyList<Region> regions, IReadOnlyList<(string Prefix, Home Home)> homes,
        IReadOnlyList<(string Prefix, PolicyRule Policy)> policies)
    {
        Version = version;
        Regions = regions;
        Homes = homes;
        Policies = policies;
        _homes = new PrefixRules<Home>(homes);
        _policies = new PrefixRules<PolicyRule>(policies);
        _everywhere = new PolicyRule([.. regions.Select(region => region.Id)], IsLazy: false, Durability.Local, IsStrict: false);
    }

    /// <summary>The document's version, which grows with every change; at least 1.</summary>
    public long Version { get; }

    /// <summary>All regions.</summary>
    public IReadOnlyList<Region> Regions { get; }

    /// <summary>Which region is the home of the repositories with a prefix; one rule has the empty prefix.</summary>
    public IReadOnlyList<(string Prefix, Home Home)> Homes { get; }

    /// <summary>How the repositories with a prefix are replicated.</summary>
    public IReadOnlyList<(string Prefix, PolicyRule Policy)> Policies { get; }

    /// <summary>The region that may append to a repository's ledger, and its term.</summary>
    public Home HomeOf(RepositoryName repository) =>
        _homes.Find(repository) ?? throw new InvalidOperationException("A topology has a home for every name.");

    /// <summary>How a repository is replicated: to all regions, eagerly, where no rule says otherwise.</summary>
    public PolicyRule PolicyOf(RepositoryName repository) => _policies.Find(repository) ?? _everywhere;

    /// <summary>
    /// The topology that follows when a region continues under a new incarnation: the epochs of its homes are raised, so
    /// that nothing of the old ones is taken.
    /// </summary>
    public Topology WithIncarnation(RegionId region, Incarnation incarnation) => new(
        Version + 1,
        [.. Regions.Select(entry => entry.Id == region ? entry with { Incarnation = incarnation } : entry)],
        [.. Homes.Select(rule => rule.Home.Region == region ? (rule.Prefix, rule.Home with { Epoch = rule.Home.Epoch + 1 }) : rule)],
        Policies);

    /// <summary>The home of the repositories with a prefix.</summary>
    internal Home HomeOfPrefix(string prefix) => _homes.FindText(prefix)
        ?? throw new InvalidOperationException("A topology has a home for every name.");

    /// <summary>Finds a region.</summary>
    /// <returns>The region, or null where the topology has none of this id.</returns>
    public Region? Find(RegionId id) => Regions.FirstOrDefault(region => region.Id == id);
}

/// <summary>One region.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Peer">Where the other regions reach it.</param>
/// <param name="Incarnation">The incarnation of its feed that the others follow in place of the one before, as an operator decided
/// after a loss; none where no loss was accepted.</param>
public sealed record Region(RegionId Id, Uri Peer, Incarnation Incarnation = default);

/// <summary>How repositories are replicated.</summary>
/// <param name="Regions">The regions that may have their content and their names; the home is one of them.</param>
/// <param name="IsLazy">Blobs are fetched when they are pulled, and not before.</param>
/// <param name="Durability">Where a push is complete before it is acknowledged.</param>
/// <param name="IsStrict">A tag is never answered from a replica that may be behind, even while the home cannot be reached.</param>
public sealed record PolicyRule(IReadOnlyList<RegionId> Regions, bool IsLazy, Durability Durability, bool IsStrict)
{
    /// <summary>Whether a region may have the content.</summary>
    public bool Allows(RegionId region) => Regions.Contains(region);

    /// <summary>How many regions have to be complete for a durability.</summary>
    public int RegionsFor(Durability durability) => durability switch
    {
        Durability.Local => 0,
        Durability.One => Math.Min(2, Regions.Count),
        Durability.Majority => (Regions.Count / 2) + 1,
        _ => Regions.Count,
    };
}

/// <summary>Where a push is complete before it is acknowledged.</summary>
public enum Durability
{
    /// <summary>Its commit is on disk in the home, its blobs in the regions that took them.</summary>
    Local,

    /// <summary>Complete in two regions: one more than a region that fails.</summary>
    One,

    /// <summary>Complete in more than half of the repository's regions.</summary>
    Majority,

    /// <summary>Complete in all of the repository's regions.</summary>
    All,
}
