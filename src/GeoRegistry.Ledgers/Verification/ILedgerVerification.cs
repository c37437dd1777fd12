using GeoRegistry.Protocol;

namespace GeoRegistry.Ledgers.Verification;

/// <summary>Finds damage in a metadata store: rows that changed by other means than its own writes.</summary>
/// <remarks>
/// Covered are the names, heads, manifests, tags, references, referrers, committed blob links and kept commits of every ledger, and
/// the rows of feeds, the hydration queue, and what the region remembers about itself. Reads never
/// wait behind writes; each call reads what is there at one moment.
/// </remarks>
public interface ILedgerVerification
{
    /// <summary>Scans the next ledger.</summary>
    /// <param name="after">The cursor of the scan before; 0 at first.</param>
    /// <param name="cancellation">Cancels before it begins.</param>
    /// <returns>What the scan found; null after the last ledger.</returns>
    /// <remarks>A ledger of an earlier build that has no checksum yet gets one here, if nothing else is wrong with it.</remarks>
    Task<LedgerScanResult?> VerifyNextAsync(long after, CancellationToken cancellation = default);

    /// <summary>A ledger's head and checksum.</summary>
    ValueTask<LedgerState> ReadStateAsync(LedgerId ledger, CancellationToken cancellation = default);

    /// <summary>Ledgers of repositories that have commits, with their heads and checksums, in the order of their names.</summary>
    /// <param name="after">The name after which to begin; null for the start.</param>
    /// <param name="limit">The most to read, at least 1.</param>
    ValueTask<IReadOnlyList<(LedgerId Ledger, LedgerState State)>> ListStatesAsync(
        string? after, int limit, CancellationToken cancellation = default);

    /// <summary>
    /// The blobs that commits of a ledger say it has, with their sizes in bytes, but for those that it awaits in the
    /// hydration queue.
    /// </summary>
    ValueTask<IReadOnlyList<(Digest Digest, long SizeBytes)>> ListUnqueuedBlobsAsync(
        LedgerId ledger, CancellationToken cancellation = default);

    /// <summary>
    /// Takes the checksum of the rows as they are for a ledger's own, because another region has that checksum and the
    /// stored one was damaged.
    /// </summary>
    /// <returns>Whether it was taken; false where the ledger has changed since that scan.</returns>
    Task<bool> AcceptAsync(LedgerScanResult scan, CancellationToken cancellation = default);

    /// <summary>
    /// Restores what this region can of a damaged ledger from its own rows: its name from the copy, and the commits that say
    /// of themselves that they are another ledger's, which these get back.
    /// </summary>
    /// <returns>Whether anything was restored.</returns>
    Task<bool> RestoreRowsAsync(LedgerScanResult scan, CancellationToken cancellation = default);

    /// <summary>Regions whose feed's row is damaged here, or was when the store was opened: its cursor cannot be trusted.</summary>
    ValueTask<IReadOnlyList<RegionId>> FindDamagedFeedsAsync(CancellationToken cancellation = default);

    /// <summary>
    /// Lets the ledgers of a feed be compared with its region's, where its row is still damaged. The region's own row gets
    /// its incarnation back.
    /// </summary>
    /// <returns>Whether it was still damaged.</returns>
    Task<bool> ResetCursorAsync(RegionId region, CancellationToken cancellation = default);

    /// <summary>Finds what is damaged of what the region remembers about itself: of its record, of the blobs that it has yet to
    /// announce, of the ledgers that it has set aside; sums of feeds, and commits that are of no ledger.</summary>
    /// <remarks>The cost is that of reading the sizes of all commits.</remarks>
    /// <returns>What is damaged, for people; null where nothing is.</returns>
    ValueTask<string?> FindFaultOfRecordAsync(CancellationToken cancellation = default);

    /// <summary>
    /// Replaces a damaged copy of the region's record by the other, and drops what cannot be read of the two lists: a blob that is not
    /// announced is asked for when it is named, and a ledger that was set aside differs from its home's and is replaced
    /// for that. Sums are made again, and commits of no ledger go back to those that they name.
    /// </summary>
    /// <exception cref="InvalidDataException">Both copies are damaged.</exception>
    Task RepairRecordAsync(CancellationToken cancellation = default);

    /// <summary>Finds what is damaged in the hydration queue.</summary>
    /// <param name="regions">All regions of the topology.</param>
    /// <param name="cancellation">Cancels it between two checks.</param>
    /// <returns>What is damaged, for people; null where nothing is.</returns>
    /// <remarks>The cost is that of the whole queue.</remarks>
    Task<string?> FindFaultOfQueueAsync(IReadOnlyList<RegionId> regions, CancellationToken cancellation = default);

    /// <summary>
    /// Makes a damaged hydration queue whole, from its own rows and the links of blobs, in one transaction whose cost is
    /// that of the whole queue. What its rows do not tell any more is named by <see cref="ListUnqueuedBlobsAsync"/>.
    /// </summary>
    Task RepairQueueAsync(CancellationToken cancellation = default);

    /// <summary>
    /// Takes blobs out of the hydration queue that no repository which awaits them has any more, and lets those be fetched
    /// from the first region that were to be fetched from one that there is not. Does nothing where there are none.
    /// </summary>
    /// <param name="regions">All regions of the topology, this one last.</param>
    /// <param name="cancellation">Cancels it before a transaction begins.</param>
    Task TidyQueueAsync(IReadOnlyList<RegionId> regions, CancellationToken cancellation = default);
}
