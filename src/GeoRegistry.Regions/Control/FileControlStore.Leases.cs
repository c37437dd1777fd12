using GeoRegistry.Ledgers;

namespace GeoRegistry.Regions.Control;

/// <content>The regions' leases: a file beside the topology, under the same lock.</content>
/// <remarks>They are not synced: no process that holds one outlives the machine, and an old lease delays its successor only.</remarks>
public sealed partial class FileControlStore : IRegionLeases
{
    private string LeasesPath => _path + ".leases";

    /// <inheritdoc/>
    public async Task<LeaseRenewal> RenewAsync(
        RegionId region, string holder, RegionLease? expected, long topologyVersion, CancellationToken cancellation = default)
    {
        await using var held = await LockAsync(cancellation).ConfigureAwait(false);
        var (leases, next) = (await ReadLeasesAsync(cancellation).ConfigureAwait(false), RegionLease.After(expected, region, holder));
        var found = leases.GetValueOrDefault(region);
        if (found == next) return new LeaseRenewal.Renewed(next);
        var current = (await ReadAsync(cancellation).ConfigureAwait(false)).Version;
        if (current != topologyVersion) return new LeaseRenewal.TopologyChanged(current);
        if (found != expected) return new LeaseRenewal.Lost(found);
        leases[region] = next;
        await WriteLeasesAsync(leases.Values).ConfigureAwait(false);
        return new LeaseRenewal.Renewed(next);
    }

    /// <inheritdoc/>
    public async Task<LeaseList> ListAsync(CancellationToken cancellation = default) =>
        new([.. (await ReadLeasesAsync(cancellation).ConfigureAwait(false)).Values], Restorations: 0);

    /// <inheritdoc/>
    public async Task<bool> TryRemoveAsync(RegionLease observed, CancellationToken cancellation = default)
    {
        await using var held = await LockAsync(cancellation).ConfigureAwait(false);
        var leases = await ReadLeasesAsync(cancellation).ConfigureAwait(false);
        if (!leases.TryGetValue(observed.Region, out var found)) return true;
        if (found != observed) return false;
        leases.Remove(observed.Region);
        await WriteLeasesAsync(leases.Values).ConfigureAwait(false);
        return true;
    }

    private async Task<Dictionary<RegionId, RegionLease>> ReadLeasesAsync(CancellationToken cancellation)
    {
        if (!File.Exists(LeasesPath)) return [];
        var json = await File.ReadAllBytesAsync(LeasesPath, cancellation).ConfigureAwait(false);
        return LeaseCodec.ReadAll(json).ToDictionary(lease => lease.Region);
    }

    private async Task WriteLeasesAsync(IEnumerable<RegionLease> leases)
    {
        await File.WriteAllBytesAsync(LeasesPath + ".next", LeaseCodec.WriteAll(leases)).ConfigureAwait(false);
        File.Move(LeasesPath + ".next", LeasesPath, overwrite: true);
    }
}
