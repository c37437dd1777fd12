using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Regions.Control;
using GeoRegistry.Regions.Topologies;

namespace GeoRegistry.Replication.Topologies;

/// <summary>Adopts topologies: on disk first, with what must be taken over because of them, then for all who read the map.</summary>
/// <param name="map">The topology as this region sees it.</param>
/// <param name="record">What the region remembers.</param>
public sealed class AdoptedTopology(RegionMap map, IRegionRecord record)
{
    /// <summary>Raised after a topology was adopted while the region runs.</summary>
    public event Action? Changed;

    /// <summary>Adopts the topology that the region starts with.</summary>
    /// <exception cref="InvalidDataException">It is older than the one that was adopted last, or moves a home without a higher
    /// epoch.</exception>
    public async Task BeginAsync(CancellationToken cancellation)
    {
        var last = await ReadLastAsync(record, cancellation).ConfigureAwait(false);
        if (last is not null && TopologySuccession.FindFaultAtStart(last, map.Current) is { } fault)
            throw new InvalidDataException($"{fault}.");
        if (last?.Version != map.Current.Version) await RememberAsync(map.Current, cancellation).ConfigureAwait(false);
    }

    /// <summary>Refuses to start a region alone that has adopted a topology in which others are homes.</summary>
    /// <exception cref="InvalidDataException">It has.</exception>
    public static async Task BeginAloneAsync(IRegionRecord record, RegionId self, CancellationToken cancellation)
    {
        if (await ReadLastAsync(record, cancellation).ConfigureAwait(false) is { } last
            && TopologySuccession.FindFaultAlone(last, self) is { } fault) throw new InvalidDataException($"{fault}.");
    }

    /// <summary>Adopts a newer topology while the region runs.</summary>
    /// <returns>Why it was refused, or null; null too where it is not newer.</returns>
    public async Task<string?> AdoptAsync(Topology next, CancellationToken cancellation)
    {
        if (!map.CanReplace(next, out var fault)) return fault;
        await RememberAsync(next, cancellation).ConfigureAwait(false);
        map.Replace(next);
        Changed?.Invoke();
        return null;
    }

    private static async ValueTask<Topology?> ReadLastAsync(IRegionRecord record, CancellationToken cancellation)
    {
        var remembered = (await record.ReadRecordAsync(cancellation).ConfigureAwait(false)).Topology;
        if (remembered.IsEmpty) return null;
        return TopologyReader.Read(remembered.Span, out var faults)
            ?? throw new InvalidDataException($"The topology that this region adopted last cannot be read: {string.Join("; ", faults)}");
    }

    // Everything is compared, also where this topology says what the last one said: others may have had one between the two, and have
    // withheld by it.
    private Task RememberAsync(Topology next, CancellationToken cancellation) =>
        record.AdoptTopologyAsync(
            TopologyReader.Write(next),
            next.Version,
            [.. next.Regions.Select(region => region.Id).Where(id => id != map.Self)],
            cancellation);
}
