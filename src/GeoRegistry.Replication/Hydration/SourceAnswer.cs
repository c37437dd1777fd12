namespace GeoRegistry.Replication.Hydration;

/// <summary>A region's answer to the request for a blob.</summary>
internal abstract record SourceAnswer
{
    private SourceAnswer()
    {
    }

    /// <summary>All bytes have come.</summary>
    public sealed record Whole : SourceAnswer;

    /// <summary>The region does not have the blob.</summary>
    public sealed record NotFound : SourceAnswer;

    /// <summary>The region's copy is not the blob: it is damaged, or has another size.</summary>
    public sealed record Damaged(string Reason) : SourceAnswer;

    /// <summary>The region could not be reached, or broke off. What came before stays.</summary>
    public sealed record BrokeOff(string Reason) : SourceAnswer;

    /// <summary>The region has the blob, but no slot to receive it came within the timeout.</summary>
    public sealed record NoSlot : SourceAnswer;
}
