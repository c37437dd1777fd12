using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Manifests;

namespace GeoRegistry.Ledgers.Commits;

/// <summary>The wire kinds of operations; the numbers are part of stored formats and never change. 0 is never valid.</summary>
public enum OperationKind
{
    /// <summary><see cref="Operation.ManifestPut"/>.</summary>
    ManifestPut = 1,

    /// <summary><see cref="Operation.TagSet"/>.</summary>
    TagSet = 2,

    /// <summary><see cref="Operation.TagDeleted"/>.</summary>
    TagDeleted = 3,

    /// <summary><see cref="Operation.ManifestDeleted"/>.</summary>
    ManifestDeleted = 4,

    /// <summary><see cref="Operation.BlobDeleted"/>.</summary>
    BlobDeleted = 5,

    /// <summary><see cref="Operation.BlobLinked"/>.</summary>
    BlobLinked = 6,
}

/// <summary>One change within a commit: a past fact, the same wherever it is applied.</summary>
public abstract record Operation
{
    private Operation()
    {
    }

    /// <summary>A manifest was added to the repository, with the blobs that it names.</summary>
    /// <param name="Manifest">The manifest.</param>
    public sealed record ManifestPut(Manifest Manifest) : Operation;

    /// <summary>A tag was set to a manifest that the repository has.</summary>
    /// <param name="Tag">The tag.</param>
    /// <param name="Digest">The manifest's digest.</param>
    public sealed record TagSet(Tag Tag, Digest Digest) : Operation;

    /// <summary>A tag was deleted.</summary>
    /// <param name="Tag">The tag.</param>
    public sealed record TagDeleted(Tag Tag) : Operation;

    /// <summary>A manifest was deleted. Its tags were deleted before it, each by its own operation in the same commit.</summary>
    /// <param name="Digest">The manifest's digest.</param>
    public sealed record ManifestDeleted(Digest Digest) : Operation;

    /// <summary>A blob that no manifest of the repository names was removed from the repository.</summary>
    /// <param name="Digest">The blob's digest.</param>
    public sealed record BlobDeleted(Digest Digest) : Operation;

    /// <summary>
    /// A blob was added to the repository that the manifest put after it lists as a child: an index does not say whether
    /// its children are manifests.
    /// </summary>
    /// <param name="Digest">The blob's digest.</param>
    /// <param name="SizeBytes">Its size.</param>
    public sealed record BlobLinked(Digest Digest, long SizeBytes) : Operation;
}
