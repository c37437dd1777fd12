namespace GeoRegistry.Ledgers;

/// <summary>
/// The short name of a region, such as <c>eu</c>: 1 to 16 lower-case letters, digits and inner dashes, beginning with a
/// letter.
/// </summary>
/// <remarks>It is part of upload URLs, receipts, metrics and stored commits.</remarks>
public readonly record struct RegionId
{
    /// <summary>The longest id, in characters.</summary>
    public const int MaxLength = 16;

    private readonly string? _text;

    private RegionId(string text) => _text = text;

    /// <summary>Reads a region id.</summary>
    /// <returns>Whether the text is one.</returns>
    public static bool TryParse(string? text, out RegionId region)
    {
        var valid = text is { Length: > 0 and <= MaxLength }
            && char.IsAsciiLetterLower(text[0])
            && text[^1] != '-'
            && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');
        region = valid ? new RegionId(text!) : default;
        return valid;
    }

    /// <summary>Reads a region id that is known to be one.</summary>
    /// <exception cref="FormatException">The text is no region id.</exception>
    public static RegionId Parse(string text) =>
        TryParse(text, out var region)
            ? region
            : throw new FormatException(
                $"'{text}' is not a region id: it takes 1 to {MaxLength} lower-case letters, digits and inner dashes, a letter first.");

    /// <summary>The id as text.</summary>
    public override string ToString() => _text ?? "";
}
