using GeoRegistry.Ledgers;

namespace GeoRegistry.Regions.Topologies;

/// <summary>Which topology may follow another in a region.</summary>
/// <remarks>
/// A home that only an edit moved would append beside the old one, and what only the old one has would be lost. So a home moves
/// with a higher epoch, and not while regions run; a document that is older than the one that a region adopted last is refused.
/// </remarks>
public static class TopologySuccession
{
    /// <summary>Why a region must not start with a topology, or null.</summary>
    /// <param name="last">The topology that the region adopted last.</param>
    /// <param name="next">The topology that it is given now.</param>
    public static string? FindFaultAtStart(Topology last, Topology next)
    {
        if (next.Version < last.Version)
            return $"the topology has version {next.Version}, and this region has already adopted version {last.Version}: "
                + $"give it the newer document, or, to go back to the older content, raise its version above {last.Version}";
        if (next.Version == last.Version)
        {
            return TopologyReader.Write(next).AsSpan().SequenceEqual(TopologyReader.Write(last))
                ? null
                : $"the topology has version {next.Version} like the one that this region has adopted, but other content: "
                    + "raise its version with every change";
        }

        foreach (var (prefix, before, after) in HomesOf(last, next))
        {
            if (after.Region == before.Region && after.Epoch < before.Epoch)
                return $"the topology sets the epoch of '{prefix}' back from {before.Epoch} to {after.Epoch}: "
                    + $"the other regions refuse commits of an epoch that has ended. Give it {before.Epoch} or more";
            if (after.Region != before.Region && after.Epoch <= before.Epoch)
            {
                return $"the topology moves the home of '{prefix}' from {before.Region} (epoch {before.Epoch}) "
                    + $"to {after.Region} (epoch {after.Epoch}): what only {before.Region} has would be lost. "
                    + $"Put {before.Region} back; or, once 'georegistry replication status' shows that {after.Region} has all of it "
                    + $"and {before.Region} is stopped, give the prefix an epoch above {before.Epoch}";
            }
        }

        return null;
    }

    /// <summary>Why a region must not start without a topology, as if it were alone, or null.</summary>
    /// <param name="last">The topology that the region adopted last.</param>
    /// <param name="self">The region.</param>
    public static string? FindFaultAlone(Topology last, RegionId self) =>
        last.Homes.Where(rule => rule.Home.Region != self).Select(rule =>
            $"this region has adopted version {last.Version} of a topology, in which {rule.Home.Region} is the home of '{rule.Prefix}': "
                + "alone, it would take writes beside that. Start it with GeoRegistry:Topology (--topology); or, to take it out, first "
                + $"with a topology in which {self} is the home of everything").FirstOrDefault();

    /// <summary>Why a running region must not adopt a topology, or null.</summary>
    public static string? FindFaultWhileRunning(Topology current, Topology next)
    {
        foreach (var (prefix, before, after) in HomesOf(current, next))
        {
            if (after.Region != before.Region)
                return $"it moves the home of '{prefix}' from {before.Region} to {after.Region}, which cannot be done while regions run";
            if (after.Epoch < before.Epoch) return $"it sets the epoch of '{prefix}' back from {before.Epoch} to {after.Epoch}";
        }

        return next.Regions.Select(region => region.Id).ToHashSet().IsSupersetOf(current.Regions.Select(region => region.Id))
            ? null
            : "a region cannot be removed while it runs: stop all, edit the topology, and start those that stay";
    }

    /// <summary>
    /// Why a region keeps the topology that it has adopted though the control store has none that is newer, or null where it is the same.
    /// </summary>
    /// <param name="current">The topology that the region has adopted.</param>
    /// <param name="stored">The topology in the control store, whose version is not higher.</param>
    public static string? FindFaultOfStore(Topology current, Topology stored)
    {
        var remedy = $"Put the topology that is to hold there, with a version above {current.Version} and no lower epochs";
        if (stored.Version < current.Version)
            return $"the control store has version {stored.Version} of the topology, and this region has adopted version "
                + $"{current.Version}: it was restored from a backup, or an older document was put back. {remedy}";
        return stored.Version > current.Version || TopologyReader.Write(stored).AsSpan().SequenceEqual(TopologyReader.Write(current))
            ? null
            : $"the control store has another version {stored.Version} of the topology than this region has adopted. {remedy}";
    }

    private static IEnumerable<(string Prefix, Home Before, Home After)> HomesOf(Topology last, Topology next) =>
        last.Homes.Concat(next.Homes).Select(rule => rule.Prefix).Distinct().Order(StringComparer.Ordinal)
            .Select(prefix => (prefix, last.HomeOfPrefix(prefix), next.HomeOfPrefix(prefix)));
}
