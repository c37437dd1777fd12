namespace GeoRegistry.Replication.Homes;

/// <summary>Whether a home was resumed.</summary>
public abstract record ResumptionOutcome
{
    private ResumptionOutcome()
    {
    }

    /// <summary>The region accepts writes already.</summary>
    public sealed record NotNeeded : ResumptionOutcome;

    /// <summary>It still refuses writes: commits would be lost, and that is not accepted.</summary>
    /// <param name="RecoveredLedgers">How many ledgers were recovered.</param>
    /// <param name="Unreachable">The regions that did not answer for all that they have.</param>
    /// <param name="NotRecovered">The ledgers that were not recovered, as far as they are known.</param>
    public sealed record StaysClosed(
        int RecoveredLedgers, IReadOnlyList<string> Unreachable, IReadOnlyList<LedgerNotRecovered> NotRecovered) : ResumptionOutcome;

    /// <summary>It accepts writes.</summary>
    public sealed record Resumed(ResumptionReport Report) : ResumptionOutcome;
}

/// <summary>What was done to resume a home.</summary>
/// <param name="Region">The region.</param>
/// <param name="Reason">Why it took no writes.</param>
/// <param name="Incarnation">The incarnation that it continues under.</param>
/// <param name="Topology">The version of the topology that says so.</param>
/// <param name="RecoveredLedgers">How many ledgers were further in other regions and were recovered.</param>
/// <param name="Reached">The regions that answered for all that they have.</param>
/// <param name="Unreachable">The regions that did not: what only they have is lost.</param>
/// <param name="NotRecovered">The ledgers that a region has further, or otherwise, and that were not recovered; known of regions that
/// could be asked.</param>
public sealed record ResumptionReport(
    string Region,
    string Reason,
    string Incarnation,
    long Topology,
    int RecoveredLedgers,
    IReadOnlyList<string> Reached,
    IReadOnlyList<string> Unreachable,
    IReadOnlyList<LedgerNotRecovered> NotRecovered);

/// <summary>A ledger that a region has further than its home, or otherwise, and that was not recovered.</summary>
/// <param name="Repository">The repository.</param>
/// <param name="Region">The region.</param>
/// <param name="Reason">Why not.</param>
public sealed record LedgerNotRecovered(string Repository, string Region, string Reason);
