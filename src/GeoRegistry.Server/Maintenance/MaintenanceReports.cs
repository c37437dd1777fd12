using GeoRegistry.Ledgers.Archives;

namespace GeoRegistry.Server.Maintenance;

/// <summary>What metadata there is.</summary>
internal sealed record MetadataReport(long Ledgers, long Manifests, long Tags, long Commits, long BlobLinks, string Checksum)
{
    public static MetadataReport Of(ArchiveSummary summary) => new(
        summary.Ledgers, summary.Manifests, summary.Tags, summary.Commits, summary.BlobLinks, summary.Contents);
}

/// <summary>What was restored.</summary>
/// <param name="Region">The region.</param>
/// <param name="At">When the backup was made.</param>
/// <param name="Incarnation">Under which the region's feed goes on.</param>
/// <param name="Metadata">What the backup has.</param>
/// <param name="MissingBlobs">How many blobs it names that are not in the region's blob store.</param>
internal sealed record RestoreReport(
    string Region, DateTimeOffset At, string Incarnation, MetadataReport Metadata, long MissingBlobs);

/// <summary>What was moved.</summary>
/// <param name="Region">The region.</param>
/// <param name="Metadata">What the target's metadata store has, equal to the source's.</param>
/// <param name="Blobs">How many blobs the target has, each re-hashed in this run; 0 where blobs stay.</param>
/// <param name="BlobBytes">Their bytes.</param>
/// <param name="Copied">How many of them this run copied.</param>
/// <param name="MissingBlobs">How many blobs metadata names that the source does not have either: the region fetches them.</param>
internal sealed record MigrationReport(
    string Region, MetadataReport Metadata, long Blobs, long BlobBytes, long Copied, long MissingBlobs);
