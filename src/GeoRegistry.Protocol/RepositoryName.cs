namespace GeoRegistry.Protocol;

/// <summary>The name of a repository: path components of lower-case letters and digits with single separators between them.</summary>
/// <remarks>Source: OCI Distribution Spec v1.1 §Pulling manifests, the expression for <c>&lt;name&gt;</c>.</remarks>
public readonly record struct RepositoryName : IComparable<RepositoryName>
{
    /// <summary>The longest name, in characters; clients refuse longer ones with a host before them.</summary>
    public const int MaxLength = 255;

    private readonly string? _text;

    private RepositoryName(string text) => _text = text;

    /// <summary>Reads a name.</summary>
    /// <returns>Whether the text is one.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out RepositoryName name)
    {
        var valid = IsValid(text);
        name = valid ? new RepositoryName(text.ToString()) : default;
        return valid;
    }

    /// <summary>Reads a name that is known to be one.</summary>
    /// <exception cref="FormatException">The text is no repository name.</exception>
    public static RepositoryName Parse(string text) =>
        TryParse(text, out var name) ? name : throw new FormatException($"'{text}' is not a repository name.");

    /// <inheritdoc/>
    public int CompareTo(RepositoryName other) => string.CompareOrdinal(_text, other._text);

    /// <summary>The name as text.</summary>
    public override string ToString() => _text ?? "";

    private static bool IsValid(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty || text.Length > MaxLength) return false;
        foreach (var component in text.Split('/'))
        {
            if (!IsComponent(text[component])) return false;
        }

        return true;
    }

    // [a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*
    private static bool IsComponent(ReadOnlySpan<char> component)
    {
        if (component.IsEmpty || !char.IsAsciiLetterOrDigit(component[0])) return false;
        var separator = 0;
        foreach (var c in component)
        {
            if (char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c)) separator = 0;
            else if (c is '.' or '_' or '-') separator = NextSeparator(separator, c);
            else return false;

            if (separator < 0) return false;
        }

        return separator == 0;
    }

    // The separator so far as a number: 0 none, 1 ".", 2 "_", 3 "__", 4 dashes; -1 where no expression matches.
    private static int NextSeparator(int separator, char c) => (separator, c) switch
    {
        (0, '.') => 1,
        (0, '_') => 2,
        (2, '_') => 3,
        (0 or 4, '-') => 4,
        _ => -1,
    };
}
