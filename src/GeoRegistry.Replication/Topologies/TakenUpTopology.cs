using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Regions.Control;
using GeoRegistry.Regions.Topologies;

namespace GeoRegistry.Replication.Topologies;

/// <summary>Takes up topologies: on disk first, with what must be taken over because of them, then for all who look at the map.</summary>
/// <param name="map">The topology as this region sees it.</param>
/// <param name="record">What the region remembers.</param>
public sealed class TakenUpTopology(RegionMap map, IRegionRecord record)
{
    /// <summary>Raised after a topology was taken up while the region runs.</summary>
    public event Action? Changed;

    /// <summary>Takes up the topology that the region starts with.</summary>
    /// <exception cref="InvalidDataException">It is older than the one that was taken up last, or moves a home without a higher
    /// epoch.</exception>
    public async Task BeginAsync(CancellationToken cancellation)
    {
        var remembered = (await record.ReadRecordAsync(cancellation).ConfigureAwait(false)).Topology;
        var last = remembered.IsEmpty
            ? null
            : TopologyReader.Read(remembered.Span, out var faults)
                ?? throw new InvalidDataException($"The topology that this region remembers cannot be read: {string.Join("; ", faults)}");
        if (last is not null && TopologySuccession.FindFaultAtStart(last, map.Current) is { } fault) throw new InvalidDataException($"{fault}.");
        if (last?.Version != map.Current.Version) await RememberAsync(map.Current, cancellation).ConfigureAwait(false);
    }

    /// <summary>Takes up a newer topology while the region runs.</summary>
    /// <returns>Why it was not taken up, or null; also where it is not newer.</returns>
    public async Task<string?> TakeUpAsync(Topology next, CancellationToken cancellation)
    {
        if (!map.CanReplace(next, out var fault)) return fault;
        await RememberAsync(next, cancellation).ConfigureAwait(false);
        map.Replace(next);
        Changed?.Invoke();
        return null;
    }

    // Everything is compared, also where this topology says what the last one said: others may have had one between the two, and have
    // withheld by it.
    private Task RememberAsync(Topology next, CancellationToken cancellation) =>
        record.TakeUpTopologyAsync(TopologyReader.Write(next), [.. next.Regions.Select(region => region.Id).Where(id => id != map.Self)], cancellation);
}
