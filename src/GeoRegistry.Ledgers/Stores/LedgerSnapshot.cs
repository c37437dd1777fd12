using GeoRegistry.Protocol;

namespace GeoRegistry.Ledgers.Stores;

/// <summary>All that a repository's ledger amounts to at one moment.</summary>
/// <param name="Ledger">The ledger.</param>
/// <param name="Head">Its head.</param>
/// <param name="Entries">Its manifests, tags and blobs, read as they are enumerated.</param>
public sealed record LedgerSnapshot(LedgerId Ledger, LedgerHead Head, IAsyncEnumerable<SnapshotEntry> Entries);

/// <summary>One thing in a snapshot.</summary>
public abstract record SnapshotEntry
{
    private SnapshotEntry()
    {
    }

    /// <summary>A manifest.</summary>
    /// <param name="Manifest">The manifest.</param>
    public sealed record OfManifest(Protocol.Manifests.Manifest Manifest) : SnapshotEntry;

    /// <summary>A tag.</summary>
    /// <param name="Tag">The tag.</param>
    /// <param name="Digest">The manifest that it names.</param>
    public sealed record OfTag(Tag Tag, Digest Digest) : SnapshotEntry;

    /// <summary>A blob that the repository has.</summary>
    /// <param name="Digest">The blob.</param>
    /// <param name="SizeBytes">Its size.</param>
    /// <param name="IsCommitted">Whether a commit says so; otherwise it was uploaded, and nothing names it yet.</param>
    public sealed record OfBlob(Digest Digest, long SizeBytes, bool IsCommitted = true) : SnapshotEntry;
}
