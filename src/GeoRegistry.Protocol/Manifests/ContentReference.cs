namespace GeoRegistry.Protocol.Manifests;

/// <summary>One piece of content that a manifest names and that must be there before it.</summary>
/// <param name="Digest">What it names.</param>
/// <param name="SizeBytes">The size that the manifest gives for it.</param>
/// <param name="Kind">Where the content may live.</param>
public readonly record struct ContentReference(Digest Digest, long SizeBytes, ContentKind Kind);

/// <summary>Where content that a manifest names may live.</summary>
public enum ContentKind
{
    /// <summary>A blob: a config, a layer.</summary>
    Blob,

    /// <summary>A child of an index: a manifest, or a blob, as some build caches list layers there.</summary>
    Child,

    /// <summary>A layer that may live elsewhere; nothing is asked of it.</summary>
    ForeignLayer,
}
