using System.Globalization;

namespace GeoRegistry.Ledgers;

/// <summary>
/// The name of a commit by its place in a feed, such as <c>eu-7f3a9c01-1234</c>. It is the receipt that a push is
/// answered with.
/// </summary>
/// <param name="Region">The region that made the commit.</param>
/// <param name="Incarnation">The incarnation of its feed in which it did; none where nothing was followed yet, or the incarnation is
/// not known: such a position is of whatever incarnation the feed has.</param>
/// <param name="Number">The place in that feed, from 1; 0 is the start, before the first commit.</param>
/// <remarks>No position is ever given twice. Positions of different regions or incarnations have no order.</remarks>
public readonly record struct FeedPosition(RegionId Region, Incarnation Incarnation, long Number)
{
    /// <summary>Reads a position.</summary>
    /// <returns>Whether the text is one.</returns>
    public static bool TryParse(string? text, out FeedPosition position)
    {
        position = default;
        var dash = text?.LastIndexOf('-') ?? -1;
        var before = dash - Incarnation.Length - 1;
        if (before < 1 || text![before] != '-') return false;
        if (!RegionId.TryParse(text[..before], out var region)
            || !Incarnation.TryParse(text.AsSpan(before + 1, Incarnation.Length), out var incarnation)) return false;
        if (!long.TryParse(text.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number == 0)
            return false;
        position = new FeedPosition(region, incarnation, number);
        return true;
    }

    /// <summary>The position as text.</summary>
    public override string ToString() => $"{Region}-{Incarnation}-{Number.ToString(CultureInfo.InvariantCulture)}";
}
