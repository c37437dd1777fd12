using GeoRegistry.Ledgers;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Manifests;

namespace GeoRegistry.Repositories.Writes;

/// <summary>Store a manifest and let tags name it, all in one commit.</summary>
/// <param name="Manifest">The manifest.</param>
/// <param name="Tags">The tags; none for a push by digest alone.</param>
/// <param name="Precondition">What must be true of every tag, or of the manifest without tags.</param>
/// <param name="Actor">Who asks, for the history; may be empty.</param>
/// <param name="TakenBy">The region that took the request, and where it was a push its blobs; null for this one.</param>
public sealed record PutManifest(Manifest Manifest, IReadOnlyList<Tag> Tags, Precondition Precondition, string Actor, RegionId? TakenBy = null);

/// <summary>Delete a tag, or a manifest with all its tags.</summary>
/// <param name="Reference">The tag, or the manifest's digest.</param>
/// <param name="Precondition">What must be true of it.</param>
/// <param name="Actor">Who asks, for the history; may be empty.</param>
/// <param name="TakenBy">The region that took the request, and where it was a push its blobs; null for this one.</param>
public sealed record DeleteReference(Reference Reference, Precondition Precondition, string Actor, RegionId? TakenBy = null);

/// <summary>Take a blob out of the repository.</summary>
/// <param name="Digest">The blob.</param>
/// <param name="Actor">Who asks, for the history; may be empty.</param>
/// <param name="TakenBy">The region that took the request, and where it was a push its blobs; null for this one.</param>
public sealed record DeleteBlob(Digest Digest, string Actor, RegionId? TakenBy = null);
