using System.Collections.Immutable;

namespace GeoRegistry.Balancer.Regions;

/// <summary>Which regions a request tries, and whose turn is next.</summary>
/// <remarks>Turns exercise every path between the regions: what one request of a client wrote, the next reads elsewhere. An entrance
/// for clients around the world sends each to its nearest region instead; this is the one place that will decide it.</remarks>
internal sealed class RegionRoundRobin
{
    private readonly Lock _change = new();
    private uint _turn;
    private Region[][] _forPulls, _forPushes;

    /// <param name="regions">Every region, in the order of turns.</param>
    public RegionRoundRobin(IEnumerable<Region> regions)
    {
        All = [.. regions];
        _forPulls = GroupsFor(Readiness.Pulls);
        _forPushes = GroupsFor(Readiness.Pushes);
    }

    /// <summary>Every region, healthy or not, in the order of turns.</summary>
    public ImmutableArray<Region> All { get; }

    /// <summary>
    /// Every region in the order in which a new request tries them: those that are ready for it in turn, then the others,
    /// the likeliest first.
    /// </summary>
    /// <param name="need"><see cref="Readiness.Pulls"/> or <see cref="Readiness.Pushes"/>.</param>
    /// <remarks>Each call takes a turn.</remarks>
    public IEnumerable<Region> Next(Readiness need)
    {
        var first = Interlocked.Increment(ref _turn) - 1;
        foreach (var group in Volatile.Read(ref need == Readiness.Pulls ? ref _forPulls : ref _forPushes))
        {
            for (var i = 0u; i < group.Length; i++) yield return group[(first + i) % (uint)group.Length];
        }
    }

    /// <summary>Records the result of a region's health check.</summary>
    /// <returns>Whether that is a change.</returns>
    public bool Set(Region region, Readiness readiness)
    {
        lock (_change)
        {
            if (region.Readiness == readiness) return false;
            region.Set(readiness);
            Volatile.Write(ref _forPulls, GroupsFor(Readiness.Pulls));
            Volatile.Write(ref _forPushes, GroupsFor(Readiness.Pushes));
            return true;
        }
    }

    // What a region can do beyond the need makes it no better.
    private Region[][] GroupsFor(Readiness need) =>
    [
        .. All.GroupBy(region => (Readiness)Math.Min((int)region.Readiness, (int)need))
            .OrderByDescending(group => group.Key)
            .Select(group => group.ToArray()),
    ];
}
