using System.Buffers;

namespace GeoRegistry.Protocol;

/// <summary>A movable, human-readable name of a manifest within a repository: 1 to 128 characters.</summary>
/// <remarks>Source: OCI Distribution Spec v1.1 §Pulling manifests, the expression for tags. Order is ordinal.</remarks>
public readonly record struct Tag : IComparable<Tag>
{
    /// <summary>The longest tag, in characters.</summary>
    public const int MaxLength = 128;

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

    private readonly string? _text;

    private Tag(string text) => _text = text;

    /// <summary>Reads a tag.</summary>
    /// <returns>Whether the text is one.</returns>
    public static bool TryParse(string? text, out Tag tag)
    {
        var valid = text is { Length: > 0 and <= MaxLength } && text[0] is not ('.' or '-') && !text.AsSpan().ContainsAnyExcept(Allowed);
        tag = valid ? new Tag(text!) : default;
        return valid;
    }

    /// <summary>Reads a tag that is known to be one.</summary>
    /// <exception cref="FormatException">The text is no tag.</exception>
    public static Tag Parse(string text) => TryParse(text, out var tag) ? tag : throw new FormatException($"'{text}' is not a tag.");

    /// <inheritdoc/>
    public int CompareTo(Tag other) => string.CompareOrdinal(_text, other._text);

    /// <summary>The tag as text.</summary>
    public override string ToString() => _text ?? "";
}
