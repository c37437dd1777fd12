namespace GeoRegistry.Protocol;

/// <summary>What a manifest is asked for by: a tag or a digest, never both.</summary>
public readonly record struct Reference
{
    private Reference(Tag tag, Digest digest) => (Tag, Digest) = (tag, digest);

    /// <summary>Whether it is a digest; otherwise it is a tag.</summary>
    public bool IsDigest => Digest != default;

    /// <summary>The tag, where it is one.</summary>
    public Tag Tag { get; }

    /// <summary>The digest, where it is one.</summary>
    public Digest Digest { get; }

    /// <summary>Names a manifest by a tag.</summary>
    public static Reference To(Tag tag) => new(tag, default);

    /// <summary>Names a manifest by its digest.</summary>
    public static Reference To(Digest digest) => new(default, digest);

    /// <summary>Reads a tag or a digest; a tag has no colon, a digest always has one.</summary>
    /// <returns>Whether the text is either.</returns>
    public static bool TryParse(string text, out Reference reference)
    {
        if (Digest.TryParse(text, out var digest)) reference = To(digest);
        else if (Tag.TryParse(text, out var tag)) reference = To(tag);
        else reference = default;
        return reference != default;
    }

    /// <summary>The tag or digest as text.</summary>
    public override string ToString() => IsDigest ? Digest.ToString() : Tag.ToString();
}
