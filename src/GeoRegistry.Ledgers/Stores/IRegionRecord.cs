namespace GeoRegistry.Ledgers.Stores;

/// <summary>What a region must remember about itself when it restarts.</summary>
/// <remarks>Safe for any number of callers at once. What is written is on disk when a call returns.</remarks>
public interface IRegionRecord
{
    /// <summary>Reads what was written last.</summary>
    ValueTask<RegionRecord> ReadRecordAsync(CancellationToken cancellation = default);

    /// <summary>Adopts a topology, and notes from whom ledgers must be taken over because of it, in one transaction.</summary>
    /// <param name="topology">The topology's document.</param>
    /// <param name="version">Its version, at least 1.</param>
    /// <param name="takeOverFrom">The regions whose ledgers must be compared with theirs; until that is done nothing of them counts as
    /// complete here.</param>
    /// <param name="cancellation">Cancels before the transaction begins.</param>
    Task AdoptTopologyAsync(ReadOnlyMemory<byte> topology, long version, IReadOnlyList<RegionId> takeOverFrom,
        CancellationToken cancellation = default);

    /// <summary>Whether ledgers of a region are still to be taken over. <see cref="IReplicaStore.SkipToAsync"/> ends that.</summary>
    ValueTask<bool> IsTakeOverPendingAsync(RegionId source, CancellationToken cancellation = default);

    /// <summary>Notes the longest lease that this region may have given.</summary>
    Task SetLongestLeaseAsync(TimeSpan lease, CancellationToken cancellation = default);

    /// <summary>
    /// Notes the number up to which every change of this region's feed has been followed by all who hold a lease; never
    /// back.
    /// </summary>
    Task SetShownThroughAsync(long number, CancellationToken cancellation = default);
}

/// <summary>What a region remembers about itself.</summary>
/// <param name="Topology">The document of the topology that it adopted last; empty before the first.</param>
/// <param name="LongestLease">The longest lease that it may have given; zero before the first.</param>
/// <param name="ShownThrough">The number of its feed up to which every change had been followed by all who held a lease.</param>
public sealed record RegionRecord(ReadOnlyMemory<byte> Topology, TimeSpan LongestLease, long ShownThrough);
