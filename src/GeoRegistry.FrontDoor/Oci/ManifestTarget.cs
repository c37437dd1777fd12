using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Errors;

namespace GeoRegistry.FrontDoor.Oci;

/// <summary>What a manifest is pushed to: a tag, or a digest and any number of tags.</summary>
/// <param name="Digest">The digest in the path, or null.</param>
/// <param name="Tags">The tag in the path, or those in the query; each once.</param>
/// <remarks>Source: OCI Distribution Spec v1.1+dev §Pushing Manifests, end-7a and end-7b.</remarks>
internal sealed record ManifestTarget(Digest? Digest, IReadOnlyList<Tag> Tags)
{
    /// <summary>The most tags of one push: what fits into a request line anyway.</summary>
    public const int MaxTags = 1000;

    private static readonly ManifestTarget None = new(null, []);

    public static ManifestTarget Parse(OciRequest request, out RegistryError? fault)
    {
        fault = null;
        var tags = new List<Tag>();
        if (request.Http.Request.QueryString.HasValue)
        {
            foreach (var text in request.Http.Request.Query["tag"])
            {
                if (!Tag.TryParse(text, out var tag)) fault ??= NotATag(text);
                else if (!tags.Contains(tag)) tags.Add(tag);
            }
        }

        if (fault is not null) return None;
        if (tags.Count > MaxTags)
            fault = RegistryError.Of(ErrorCode.ManifestInvalid, $"A push may set at most {MaxTags} tags.") with { Status = 414 };
        else if (request.Reference.Contains(':'))
        {
            if (Protocol.Digest.TryParse(request.Reference, out var digest)) return new ManifestTarget(digest, tags);
            fault = DigestFaults.NotADigest(request.Reference);
        }
        else if (!Tag.TryParse(request.Reference, out var tag)) fault = NotATag(request.Reference);
        else if (tags.Count > 0) fault = RegistryError.Of(ErrorCode.ManifestInvalid, "tag parameters go with a push by digest.");
        else return new ManifestTarget(null, [tag]);
        return None;
    }

    private static RegistryError NotATag(string? text) => RegistryError.Of(
        ErrorCode.ManifestInvalid,
        $"'{text}' is not a tag: up to {Tag.MaxLength} letters, digits, '_', '.' and '-', not beginning with '.' or '-'.");
}
