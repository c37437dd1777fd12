using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;

namespace GeoRegistry.Ledgers;

/// <summary>
/// One life of a region's feed: 8 lower-case hexadecimal digits. A region begins a new one whenever its feed may have
/// lost its end.
/// </summary>
/// <remarks>
/// A position of a feed names the incarnation that it belongs to, so a region that was set up again cannot answer for what it lost.
/// The default value names none: the cursor of a feed that was never followed.
/// </remarks>
public readonly record struct Incarnation
{
    /// <summary>How many characters an incarnation has as text.</summary>
    public const int Length = 8;

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789abcdef");

    private readonly uint _value;

    private Incarnation(uint value) => _value = value;

    /// <summary>Whether it names no incarnation.</summary>
    public bool IsNone => _value == 0;

    /// <summary>A new incarnation, chosen at random.</summary>
    public static Incarnation New() => new((uint)RandomNumberGenerator.GetInt32(1, int.MaxValue));

    /// <summary>Reads an incarnation.</summary>
    /// <returns>Whether the text is one.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out Incarnation incarnation)
    {
        incarnation = default;
        if (text.Length != Length || text.ContainsAnyExcept(Digits)) return false;
        if (!uint.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)) return false;
        incarnation = new Incarnation(value);
        return value != 0;
    }

    /// <summary>Reads an incarnation, or the empty text for none.</summary>
    /// <exception cref="FormatException">The text is neither.</exception>
    public static Incarnation Parse(string text) => text.Length == 0
        ? default
        : TryParse(text, out var incarnation)
            ? incarnation
            : throw new FormatException($"'{text}' is not an incarnation: it takes {Length} lower-case hexadecimal digits.");

    /// <summary>The incarnation as text; empty for none.</summary>
    public override string ToString() => IsNone ? "" : _value.ToString("x8", CultureInfo.InvariantCulture);
}
