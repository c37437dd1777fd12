using GeoRegistry.Protocol;

namespace GeoRegistry.Ledgers.Verification;

/// <summary>Finds damage in a metadata store: rows that changed by other means than its own writes.</summary>
/// <remarks>
/// Covered are the heads, manifests, tags, references, referrers, committed blob links and kept commits of every ledger, and the
/// cursors of feeds. Reads never wait behind writes; each call reads what is there at one moment.
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

    /// <summary>Regions whose feed's row is damaged here: its cursor cannot be trusted.</summary>
    ValueTask<IReadOnlyList<RegionId>> FindDamagedFeedsAsync(CancellationToken cancellation = default);

    /// <summary>
    /// Lets a feed be followed from its beginning, so that all that was missed comes; what was applied is known and
    /// passed over.
    /// </summary>
    Task ResetCursorAsync(RegionId region, CancellationToken cancellation = default);
}
