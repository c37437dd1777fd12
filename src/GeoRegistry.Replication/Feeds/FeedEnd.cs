using GeoRegistry.Ledgers.Stores;

namespace GeoRegistry.Replication.Feeds;

/// <summary>Where a feed ends, or how far it is followed.</summary>
/// <param name="Incarnation">Its incarnation; empty where it was never followed.</param>
/// <param name="Position">The last number.</param>
/// <param name="Checksum">That entry's checksum, hexadecimal; empty where it has none.</param>
/// <param name="Topology">The version of the topology that the answering region has adopted.</param>
public sealed record FeedEnd(string Incarnation, long Position, string Checksum, long Topology)
{
    /// <summary>Describes a cursor.</summary>
    public static FeedEnd Of(FeedCursor cursor, long topology) =>
        new(cursor.Incarnation.ToString(), cursor.Position, Convert.ToHexStringLower(cursor.Checksum.Span), topology);

    /// <summary>The cursor at that place.</summary>
    /// <exception cref="FormatException">A value is not what it should be.</exception>
    public FeedCursor ToCursor() => new(Ledgers.Incarnation.Parse(Incarnation), Position, Convert.FromHexString(Checksum));
}
