using GeoRegistry.Ledgers;

namespace GeoRegistry.Replication.Tails;

/// <summary>What a region gave back to a home.</summary>
/// <param name="Recovered">How many ledgers it had further.</param>
/// <param name="Left">Those that it has further and did not give, as far as they were asked for.</param>
/// <param name="Failure">Why not all were asked for; null where they were.</param>
public sealed record LedgerRecovery(int Recovered, IReadOnlyList<UnrecoveredLedger> Left, string? Failure)
{
    /// <summary>Whether the region could not answer for all that it has.</summary>
    public bool IsUnreachable => Failure is not null || Left.Any(ledger => !ledger.HasAnswer);
}

/// <summary>A ledger that a region has further than its home, or otherwise, and that was not recovered.</summary>
/// <param name="Ledger">The ledger.</param>
/// <param name="There">Its head in the region.</param>
/// <param name="Reason">Why it was not given.</param>
/// <param name="HasAnswer">Whether the region answered for it: it is damaged there, or has another history; otherwise the region may
/// answer later.</param>
public sealed record UnrecoveredLedger(LedgerId Ledger, LedgerHead There, string Reason, bool HasAnswer);
