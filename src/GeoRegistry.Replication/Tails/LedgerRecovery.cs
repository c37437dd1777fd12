using GeoRegistry.Ledgers;

namespace GeoRegistry.Replication.Tails;

/// <summary>What a region gave back to a home.</summary>
/// <param name="Recovered">How many ledgers it had further.</param>
/// <param name="Left">Those that it has further and did not give, as far as they were asked for.</param>
/// <param name="Failure">Why not all were asked for; null where they were.</param>
public sealed record LedgerRecovery(int Recovered, IReadOnlyList<UnrecoveredLedger> Left, string? Failure)
{
    /// <summary>Whether the region could not answer for all that it has.</summary>
    public bool IsUnreachable => Failure is not null || Left.Any(ledger => !ledger.IsDamaged);
}

/// <summary>A ledger that a region has further than its home and did not give.</summary>
/// <param name="Ledger">The ledger.</param>
/// <param name="There">How far the region has it.</param>
/// <param name="Reason">Why it was not given.</param>
/// <param name="IsDamaged">Whether it is damaged there; otherwise the region could not answer for it, and may later.</param>
public sealed record UnrecoveredLedger(LedgerId Ledger, LedgerPoint There, string Reason, bool IsDamaged);
