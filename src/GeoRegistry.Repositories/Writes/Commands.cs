using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Manifests;

namespace GeoRegistry.Repositories.Writes;

/// <summary>Store a manifest and let tags name it, all in one commit.</summary>
/// <param name="Manifest">The manifest.</param>
/// <param name="Tags">The tags; none for a push by digest alone.</param>
/// <param name="Precondition">What must be true of every tag, or of the manifest without tags.</param>
/// <param name="Origin">Who asks, and by what way.</param>
public sealed record PutManifest(Manifest Manifest, IReadOnlyList<Tag> Tags, Precondition Precondition, WriteOrigin Origin)
{
    /// <summary>Who asks, with the id that the commit carries.</summary>
    public WriteOrigin Identified => Origin.For(
        WriteKind.PutManifest, [Manifest.Digest.ToString(), Manifest.MediaType, .. Tags.Select(tag => tag.ToString())]);
}

/// <summary>Delete a tag, or a manifest with all its tags.</summary>
/// <param name="Reference">The tag, or the manifest's digest.</param>
/// <param name="Precondition">What must be true of it.</param>
/// <param name="Origin">Who asks, and by what way.</param>
public sealed record DeleteReference(Reference Reference, Precondition Precondition, WriteOrigin Origin)
{
    /// <summary>Who asks, with the id that the commit carries.</summary>
    public WriteOrigin Identified => Origin.For(WriteKind.DeleteReference, Reference.ToString());
}

/// <summary>Take a blob out of the repository.</summary>
/// <param name="Digest">The blob.</param>
/// <param name="Origin">Who asks, and by what way.</param>
public sealed record DeleteBlob(Digest Digest, WriteOrigin Origin)
{
    /// <summary>Who asks, with the id that the commit carries.</summary>
    public WriteOrigin Identified => Origin.For(WriteKind.DeleteBlob, Digest.ToString());
}

/// <summary>Who asks for a write, and by what way.</summary>
/// <param name="Actor">Who asks, for the history; may be empty.</param>
/// <param name="IngressRegion">The region that took the request, and where it was a push its blobs; null for this one.</param>
/// <param name="Id">
/// The id that the client or the first front door gave, by which a repetition gets the first outcome; null for a write that cannot be
/// a repetition. It counts for one write only: the commit's id is made of it and of what is asked.
/// </param>
public sealed record WriteOrigin(string Actor = "", RegionId? IngressRegion = null, WriteId? Id = null)
{
    /// <summary>The same with the id of one write.</summary>
    internal WriteOrigin For(WriteKind kind, params IReadOnlyList<string> names) => this with { Id = Id?.For(kind, names) };
}
