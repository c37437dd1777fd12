namespace GeoRegistry.Protocol.Manifests;

/// <summary>A manifest as it was pushed, with what the registry reads from it. Immutable; the bytes are the client's, unchanged.</summary>
public sealed class Manifest
{
    internal Manifest(Digest digest, string mediaType, ReadOnlyMemory<byte> content, ManifestFields fields)
    {
        Digest = digest;
        MediaType = mediaType;
        Content = content;
        References = fields.References;
        Subject = fields.Subject;
        ReferrerDescriptor = fields.Subject is null ? default : fields.DescriptorOf(digest, mediaType, content.Length);
        ArtifactType = fields.ArtifactType;
    }

    /// <summary>
    /// The digest of <see cref="Content"/>, in the algorithm that the client pushed it by (sha256 unless it chose
    /// another).
    /// </summary>
    public Digest Digest { get; }

    /// <summary>The media type, without parameters.</summary>
    public string MediaType { get; }

    /// <summary>The exact bytes.</summary>
    public ReadOnlyMemory<byte> Content { get; }

    /// <summary>The content it names, each digest once, in the order of first mention; the subject is not among it.</summary>
    public IReadOnlyList<ContentReference> References { get; }

    /// <summary>The manifest that this one refers to, or null.</summary>
    public Digest? Subject { get; }

    /// <summary>The artifact type by which referrers are filtered, or null where it has none.</summary>
    /// <remarks>
    /// Source: OCI Distribution Spec v1.1 §Listing Referrers: the <c>artifactType</c>, else an image's config media type.
    /// </remarks>
    public string? ArtifactType { get; }

    /// <summary>The descriptor that the referrers list shows for it, as UTF-8 JSON; empty without a subject.</summary>
    public ReadOnlyMemory<byte> ReferrerDescriptor { get; }
}
