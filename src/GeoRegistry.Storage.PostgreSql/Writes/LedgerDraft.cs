using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Ledgers.Verification;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Manifests;

namespace GeoRegistry.Storage.PostgreSql.Writes;

/// <summary>
/// A ledger as a transaction is to leave it: the rows that its commits touch are read before, changed here, and written
/// together (<see cref="LedgerDrafts"/>).
/// </summary>
internal sealed class LedgerDraft(LedgerId id)
{
    /// <summary>The ledger.</summary>
    public LedgerId Id { get; } = id;

    /// <summary>The number that other tables name it by.</summary>
    public long Row { get; private set; }

    /// <summary>Whether it has no row yet.</summary>
    public bool IsNew { get; private set; }

    /// <summary>What its row had when it was read.</summary>
    public LedgerState Before { get; private set; } = LedgerState.Empty;

    /// <summary>Its head as it is to be.</summary>
    public LedgerHead Head { get; private set; } = LedgerHead.Empty;

    /// <summary>The checksum of its contents as it is to be.</summary>
    public ContentsChecksum Contents { get; private set; }

    public Dictionary<Tag, Slot<TagTarget>> Tags { get; } = [];

    public Dictionary<Digest, Slot<Manifest>> Manifests { get; } = [];

    public Dictionary<Digest, Slot<CommittedLink>> Links { get; } = [];

    /// <summary>Blobs that a commit of a number deleted, the last one.</summary>
    public Dictionary<Digest, long> DeletedBlobs { get; } = [];

    /// <summary>Takes what its row has.</summary>
    public void Begin(long row, bool isNew, LedgerState state) =>
        (Row, IsNew, Before, Head, Contents) = (row, isNew, state, state.Head, state.Contents ?? ContentsChecksum.Empty);

    /// <summary>Carries out the next commit.</summary>
    public void Apply(Commit commit, LedgerHead next)
    {
        foreach (var operation in commit.Operations) Apply(operation, next.Number);
        Contents += ContentsChecksum.OfHead(Id, next) - ContentsChecksum.OfHead(Id, Head);
        Head = next;
    }

    private void Apply(Operation operation, long number)
    {
        switch (operation)
        {
            case Operation.ManifestPut(var manifest):
                Set(manifest);
                foreach (var reference in manifest.References)
                {
                    if (reference.Kind == ContentKind.Blob) Link(reference.Digest, reference.SizeBytes);
                }

                break;
            case Operation.TagSet(var tag, var digest):
                Set(tag, new TagTarget(digest));
                break;
            case Operation.TagDeleted(var tag):
                Set(tag, null);
                break;
            case Operation.ManifestDeleted(var digest):
                Remove(digest);
                break;
            case Operation.BlobDeleted(var digest):
                if (Links[digest].Now is { } link) Contents -= ContentsChecksum.OfBlobLink(digest.ToKey(), link.SizeBytes);
                Links[digest].Now = null;
                DeletedBlobs[digest] = number;
                break;
            case Operation.BlobLinked(var digest, var sizeBytes):
                Link(digest, sizeBytes);
                break;
            default:
                throw new InvalidOperationException($"{operation.GetType().Name} cannot be applied.");
        }
    }

    private void Set(Tag tag, TagTarget? target)
    {
        var slot = Tags[tag];
        if (slot.Now is { } was) Contents -= ContentsChecksum.OfTag(tag.ToString(), was.Digest.ToKey());
        if (target is not null) Contents += ContentsChecksum.OfTag(tag.ToString(), target.Digest.ToKey());
        slot.Now = target;
    }

    // The same bytes may have been there under another media type, and then named other content.
    private void Set(Manifest manifest)
    {
        Remove(manifest.Digest);
        Contents += ContentsChecksum.OfManifest(manifest.Digest.ToKey(), manifest.MediaType, manifest.Content.Span);
        Manifests[manifest.Digest].Now = manifest;
    }

    private void Remove(Digest digest)
    {
        var slot = Manifests[digest];
        if (slot.Now is not { } was) return;
        Contents -= ContentsChecksum.OfManifest(digest.ToKey(), was.MediaType, was.Content.Span);
        slot.Now = null;
    }

    private void Link(Digest digest, long sizeBytes)
    {
        var slot = Links[digest];
        if (slot.Now is not null) return;
        Contents += ContentsChecksum.OfBlobLink(digest.ToKey(), sizeBytes);
        slot.Now = new CommittedLink(sizeBytes);
    }
}
