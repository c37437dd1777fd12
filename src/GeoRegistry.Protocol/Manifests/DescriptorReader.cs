using System.Text.Json;

namespace GeoRegistry.Protocol.Manifests;

/// <summary>Reads the descriptors of one manifest and gathers the content they name.</summary>
/// <param name="required">Whether the media type is known, so that a field of the wrong form is a fault and not just another
/// field.</param>
internal sealed class DescriptorReader(bool required)
{
    /// <summary>The longest media type, in characters (RFC 6838 §4.2 allows 127 on each side of the slash).</summary>
    public const int MaxMediaTypeLength = 255;

    private readonly OrderedDictionary<Digest, ContentReference> _references = [];

    /// <summary>Whether faults of form are refused.</summary>
    public bool Required => required;

    /// <summary>The content gathered, each digest once.</summary>
    public IReadOnlyList<ContentReference> References => [.. _references.Values];

    /// <summary>Reads a field that holds one descriptor of a blob.</summary>
    /// <returns>The descriptor's media type, or null where there is no descriptor.</returns>
    public string? AddOne(JsonElement root, string field, bool mustExist)
    {
        if (!root.TryGetProperty(field, out var value)) return mustExist ? throw Missing(field) : null;
        return Add(value, field, ContentKind.Blob);
    }

    /// <summary>Reads a field that holds a list of descriptors; one that is missing or null is empty.</summary>
    public void AddList(JsonElement root, string field, ContentKind kind)
    {
        if (!root.TryGetProperty(field, out var list) || list.ValueKind == JsonValueKind.Null) return;
        if (list.ValueKind != JsonValueKind.Array)
        {
            if (required) throw new ManifestFormatException($"{field} must be a list of descriptors.");
            return;
        }

        foreach (var item in list.EnumerateArray()) Add(item, field, kind);
    }

    /// <summary>Reads the <c>subject</c> field, whose manifest need not exist.</summary>
    public Digest? Subject(JsonElement root)
    {
        if (!root.TryGetProperty("subject", out var subject) || subject.ValueKind == JsonValueKind.Null) return null;
        return TryRead(subject, "subject", out var digest, out _, out _) ? digest : null;
    }

    /// <summary>A field that is a string, or null where it is missing or null.</summary>
    public static string? OptionalString(JsonElement root, string field)
    {
        if (!root.TryGetProperty(field, out var value) || value.ValueKind == JsonValueKind.Null) return null;
        return value.ValueKind == JsonValueKind.String
            ? value.GetString() : throw new ManifestFormatException($"{field} must be a string.");
    }

    private string? Add(JsonElement value, string field, ContentKind kind)
    {
        if (!TryRead(value, field, out var digest, out var sizeBytes, out var mediaType)) return null;
        if (kind == ContentKind.Blob && MediaTypes.IsForeignLayer(mediaType)) kind = ContentKind.ForeignLayer;
        if (!_references.TryGetValue(digest, out var known)) _references.Add(digest, new ContentReference(digest, sizeBytes, kind));
        else if (known.SizeBytes != sizeBytes)
            throw new ManifestFormatException($"{digest} is listed with two sizes: {known.SizeBytes} and {sizeBytes}.");
        else if (known.Kind == ContentKind.ForeignLayer) _references[digest] = known with { Kind = kind };
        return mediaType;
    }

    private bool TryRead(JsonElement value, string field, out Digest digest, out long sizeBytes, out string mediaType)
    {
        (digest, sizeBytes, mediaType) = (default, 0, "");
        var fault = Fault(value, ref digest, ref sizeBytes, ref mediaType);
        if (fault is null) return true;
        return required ? throw new ManifestFormatException($"A descriptor in {field} is not valid: {fault}") : false;
    }

    private static string? Fault(JsonElement value, ref Digest digest, ref long sizeBytes, ref string mediaType)
    {
        if (value.ValueKind != JsonValueKind.Object) return "it must be an object.";
        if (!value.TryGetProperty("digest", out var digestValue)
            || digestValue.ValueKind != JsonValueKind.String
            || !Digest.TryParse(digestValue.GetString(), out digest))
            return "its digest must be sha256 or sha512 in lower-case hexadecimal.";
        if (!value.TryGetProperty("size", out var size)
            || size.ValueKind != JsonValueKind.Number
            || !size.TryGetInt64(out sizeBytes)
            || sizeBytes < 0)
            return "its size must be a whole number of bytes.";
        if (!value.TryGetProperty("mediaType", out var type)
            || type.ValueKind != JsonValueKind.String
            || type.GetString() is not { Length: > 0 and <= MaxMediaTypeLength } text)
            return "its mediaType must be a media type.";
        mediaType = text;
        return null;
    }

    private static ManifestFormatException Missing(string field) => new($"The field '{field}' is missing.");
}
