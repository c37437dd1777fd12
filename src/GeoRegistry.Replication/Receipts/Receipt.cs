using System.Globalization;
using GeoRegistry.Ledgers;

namespace GeoRegistry.Replication.Receipts;

/// <summary>The name of a commit, by which a push can be followed: the region that made it and its place in that region's feed, such as <c>eu-1234</c>.</summary>
/// <param name="Home">The region.</param>
/// <param name="Position">The place, from 1.</param>
public readonly record struct Receipt(RegionId Home, long Position)
{
    /// <summary>Reads a receipt.</summary>
    /// <returns>Whether the text is one.</returns>
    public static bool TryParse(string? text, out Receipt receipt)
    {
        receipt = default;
        var dash = text?.LastIndexOf('-') ?? -1;
        if (dash < 0 || !RegionId.TryParse(text![..dash], out var home)) return false;
        if (!long.TryParse(text.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var position) || position == 0) return false;
        receipt = new Receipt(home, position);
        return true;
    }

    /// <summary>The receipt as text.</summary>
    public override string ToString() => $"{Home}-{Position}";
}
