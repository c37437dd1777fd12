namespace GeoRegistry.Ledgers.Commits;

/// <summary>One entry of a ledger, applied whole or not at all. Immutable.</summary>
/// <param name="Ledger">The ledger it belongs to.</param>
/// <param name="Epoch">The term of the home that made it; at least 1, never less than the commit's before.</param>
/// <param name="Number">Its place in the ledger, from 1 without a gap.</param>
/// <param name="At">When the home made it, in whole milliseconds; for people, never for order.</param>
/// <param name="Actor">Who asked for it; empty for a client that did not say.</param>
/// <param name="Region">The region that made it.</param>
/// <param name="Operations">What it changes, in order. None for a write that found everything as it was to be: the commit remembers
/// its id.</param>
public sealed record Commit(
    LedgerId Ledger,
    long Epoch,
    long Number,
    DateTimeOffset At,
    string Actor,
    RegionId Region,
    IReadOnlyList<Operation> Operations)
{
    /// <summary>The write that it carries out; none in commits of builds that knew no ids.</summary>
    public WriteId Write { get; init; }
}
