namespace GeoRegistry.Ledgers.Stores;

/// <summary>How far a feed is applied.</summary>
/// <param name="Incarnation">The incarnation of the feed that was followed; none before the first entry.</param>
/// <param name="Position">The last position applied; 0 before the first.</param>
/// <param name="Checksum">The checksum of that entry, by which its source sees that it is still the same feed; empty at 0 and where it
/// was withheld.</param>
public sealed record FeedCursor(Incarnation Incarnation, long Position, ReadOnlyMemory<byte> Checksum)
{
    /// <summary>Nothing is applied.</summary>
    public static readonly FeedCursor Start = new(default, 0, default);
}
