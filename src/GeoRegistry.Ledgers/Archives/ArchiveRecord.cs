using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Ledgers.Verification;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Manifests;

namespace GeoRegistry.Ledgers.Archives;

/// <summary>One thing in an archive of a region's metadata.</summary>
public abstract record ArchiveRecord
{
    private ArchiveRecord()
    {
    }

    /// <summary>What the archive is; its first record.</summary>
    /// <param name="Region">The region.</param>
    /// <param name="Incarnation">The incarnation of its feed.</param>
    /// <param name="At">The moment that it shows, by the region's clock.</param>
    public sealed record OfHeader(RegionId Region, Incarnation Incarnation, DateTimeOffset At) : ArchiveRecord;

    /// <summary>What the region remembers about itself.</summary>
    public sealed record OfRegion(RegionRecord Record) : ArchiveRecord;

    /// <summary>What is known of a region's feed beside its commits.</summary>
    /// <param name="Region">The region.</param>
    /// <param name="Head">The last position that it has had here, which may be empty.</param>
    /// <param name="Cursor">How far it is applied here; of the region's own feed, its incarnation alone.</param>
    /// <param name="Snapshot">Up to where snapshots replace commits.</param>
    /// <param name="Pruned">Up to where only the last commits of ledgers are kept.</param>
    /// <param name="TakeOver">The version of the topology because of which its ledgers are to be compared; 0 for none.</param>
    public sealed record OfFeed(RegionId Region, long Head, FeedCursor Cursor, long Snapshot, long Pruned, long TakeOver) : ArchiveRecord;

    /// <summary>A ledger, which the records after it belong to until one that is not of a ledger.</summary>
    /// <param name="Ledger">The ledger.</param>
    /// <param name="Head">Its head.</param>
    public sealed record OfLedger(LedgerId Ledger, LedgerHead Head) : ArchiveRecord
    {
        /// <summary>The checksum that its contents must have, for whoever writes it; it is no part of the archive.</summary>
        public ContentsChecksum? Contents { get; init; }
    }

    /// <summary>A blob that the ledger's repository has.</summary>
    /// <param name="Digest">The blob.</param>
    /// <param name="SizeBytes">Its size.</param>
    /// <param name="IsCommitted">Whether a commit says so.</param>
    /// <param name="Uploaded">The number of the ledger's head when it was uploaded; null where it was not.</param>
    public sealed record OfBlob(Digest Digest, long SizeBytes, bool IsCommitted, long? Uploaded) : ArchiveRecord;

    /// <summary>A manifest of the ledger, after its blobs.</summary>
    public sealed record OfManifest(Manifest Manifest) : ArchiveRecord;

    /// <summary>A tag of the ledger.</summary>
    /// <param name="Tag">The tag.</param>
    /// <param name="Digest">The manifest that it names.</param>
    public sealed record OfTag(Tag Tag, Digest Digest) : ArchiveRecord;

    /// <summary>A commit of the ledger that is kept.</summary>
    /// <param name="Region">The region whose feed has it.</param>
    /// <param name="Position">Its place there.</param>
    /// <param name="Number">Its number in the ledger.</param>
    /// <param name="Checksum">The ledger's checksum after it.</param>
    /// <param name="Encoded">Its wire form.</param>
    public sealed record OfCommit(
        RegionId Region, long Position, long Number, ReadOnlyMemory<byte> Checksum, ReadOnlyMemory<byte> Encoded) : ArchiveRecord;

    /// <summary>A blob of the ledger that its home has yet to hear of.</summary>
    /// <param name="Id">Which announcement it is.</param>
    /// <param name="Digest">The blob.</param>
    /// <param name="SizeBytes">Its size.</param>
    /// <param name="DeletedBy">The number of the last deletion or snapshot that left the link; 0 without one.</param>
    public sealed record OfAnnouncement(long Id, Digest Digest, long SizeBytes, long DeletedBy) : ArchiveRecord;

    /// <summary>Which announcements of a region are done; of this region itself, the last id that it gave.</summary>
    public sealed record OfAnnouncementsDone(RegionId Region, long Before) : ArchiveRecord;

    /// <summary>An announcement of another region that this one, as the home, has linked.</summary>
    /// <param name="Region">The region.</param>
    /// <param name="Id">The announcement.</param>
    /// <param name="Number">The number of the ledger's head then.</param>
    public sealed record OfAnnouncementTaken(RegionId Region, long Id, long Number) : ArchiveRecord;

    /// <summary>A ledger that is set aside.</summary>
    public sealed record OfSetAside(LedgerSetAside Ledger) : ArchiveRecord;

    /// <summary>A blob that a commit awaits, in the order in which blobs were queued.</summary>
    /// <param name="Blob">The blob.</param>
    /// <param name="Source">The region whose feed has the commit.</param>
    /// <param name="Position">Its place there.</param>
    /// <param name="Ledger">The commit's ledger.</param>
    /// <param name="At">When it was made, in milliseconds.</param>
    public sealed record OfAwaitedBlob(MissingBlob Blob, RegionId Source, long Position, LedgerId Ledger, long At) : ArchiveRecord;
}
