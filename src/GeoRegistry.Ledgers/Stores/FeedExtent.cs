namespace GeoRegistry.Ledgers.Stores;

/// <summary>How far a feed reaches, back and forth.</summary>
/// <param name="Incarnation">The incarnation that its positions belong to; none for a feed that was never followed here.</param>
/// <param name="Oldest">The position before the oldest commit from which on the feed is whole; 0 where nothing was pruned. A tail that
/// is before it needs snapshots.</param>
/// <param name="Head">The last position, which may be an empty one; 0 before the first.</param>
public readonly record struct FeedExtent(Incarnation Incarnation, long Oldest, long Head)
{
    /// <summary>The position of its last entry.</summary>
    /// <param name="region">The region whose feed it is.</param>
    public FeedPosition EndOf(RegionId region) => At(region, Head);

    /// <summary>A position of its incarnation.</summary>
    /// <param name="region">The region whose feed it is.</param>
    /// <param name="number">The place in the feed.</param>
    public FeedPosition At(RegionId region, long number) => new(region, Incarnation, number);
}
