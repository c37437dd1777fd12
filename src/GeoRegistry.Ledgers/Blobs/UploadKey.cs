namespace GeoRegistry.Ledgers.Blobs;

/// <summary>The names that uploads may have in every store.</summary>
public static class UploadKey
{
    /// <summary>The longest name.</summary>
    public const int MaxLength = 128;

    /// <summary>Gives a name back that is one.</summary>
    /// <exception cref="ArgumentException">It has other characters than lower-case letters, digits and dashes, or is too long or
    /// empty.</exception>
    public static string Validate(string key)
    {
        var isValid = key.Length is > 0 and <= MaxLength
            && key.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');
        return isValid ? key : throw new ArgumentException($"'{key}' is not the key of an upload.", nameof(key));
    }
}
