namespace GeoRegistry.Ledgers.Verification;

/// <summary>What a scan of one ledger's rows found.</summary>
/// <param name="Cursor">Where the scan goes on.</param>
/// <param name="Ledger">The ledger, by the copy of its name, or the name that its row has where that is damaged.</param>
/// <param name="Head">Its head, as its row has it now.</param>
/// <param name="Stored">The checksum that changes have kept up to date; null where there is none yet.</param>
/// <param name="Computed">The checksum of the rows as they are.</param>
/// <param name="Fault">What is damaged, for people; null where nothing is.</param>
public sealed record LedgerScanResult(
    long Cursor, LedgerId Ledger, LedgerHead Head, ContentsChecksum? Stored, ContentsChecksum Computed, string? Fault);

/// <summary>A ledger's head and the checksum of its contents, read at one moment.</summary>
/// <param name="Head">The head.</param>
/// <param name="Contents">The checksum; null where there is none yet.</param>
public sealed record LedgerState(LedgerHead Head, ContentsChecksum? Contents)
{
    /// <summary>A ledger without commits.</summary>
    public static readonly LedgerState Empty = new(LedgerHead.Empty, ContentsChecksum.Empty);
}
