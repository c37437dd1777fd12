namespace GeoRegistry.Ledgers;

/// <summary>
/// A place in one ledger's history. Of two points of a ledger the higher one is the later, whatever order they arrive in.
/// </summary>
/// <param name="Epoch">The epoch of the commit there.</param>
/// <param name="Number">The number of the commit there.</param>
public readonly record struct LedgerPoint(long Epoch, long Number) : IComparable<LedgerPoint>
{
    /// <inheritdoc/>
    public int CompareTo(LedgerPoint other) => (Epoch, Number).CompareTo((other.Epoch, other.Number));
}
