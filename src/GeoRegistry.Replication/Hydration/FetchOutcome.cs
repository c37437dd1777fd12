namespace GeoRegistry.Replication.Hydration;

/// <summary>The outcome of a fetch.</summary>
internal abstract record FetchOutcome
{
    private FetchOutcome()
    {
    }

    /// <summary>The blob is stored here.</summary>
    /// <param name="ReceivedBytes">How many bytes came for it now, sent by another region.</param>
    /// <param name="CopiedBytes">How many bytes this region's store copied by itself.</param>
    public sealed record Stored(long ReceivedBytes, long CopiedBytes = 0) : FetchOutcome;

    /// <summary>Every region answered that it does not have it.</summary>
    public sealed record NotFound : FetchOutcome;

    /// <summary>It could not be fetched now.</summary>
    /// <param name="Reason">Why, for people.</param>
    /// <param name="Fault">What failed.</param>
    public sealed record Failed(string Reason, FetchFault Fault) : FetchOutcome;
}

/// <summary>What failed in a fetch. Only <see cref="Copies"/> counts against the blob.</summary>
internal enum FetchFault
{
    /// <summary>Every region answered; those that have the blob have damaged copies, or copies of another size.</summary>
    Copies,

    /// <summary>A region that may have it could not be reached, or broke off.</summary>
    Regions,

    /// <summary>This region's own store failed: the disk is full or read-only, the storage cannot be reached.</summary>
    Store,

    /// <summary>This region fetches as many blobs for clients as it may; no slot came within the timeout.</summary>
    Slots,
}
