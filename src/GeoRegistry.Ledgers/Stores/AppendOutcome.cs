namespace GeoRegistry.Ledgers.Stores;

/// <summary>The outcome of an append.</summary>
public abstract record AppendOutcome
{
    private AppendOutcome()
    {
    }

    /// <summary>It is on disk and visible.</summary>
    /// <param name="Head">The ledger's head, which is this commit.</param>
    /// <param name="Position">Its place in the region's feed, whose numbers have no gap and are in the order of commits.</param>
    public sealed record Appended(LedgerHead Head, FeedPosition Position) : AppendOutcome;

    /// <summary>The ledger's head is not the one expected, or its epoch is later than the commit's; nothing was written.</summary>
    /// <param name="Head">The head that the ledger has.</param>
    public sealed record HeadMoved(LedgerHead Head) : AppendOutcome;
}
