using System.Security.Cryptography;

namespace GeoRegistry.Ledgers.Archives;

/// <summary>What a whole archive has.</summary>
public sealed class ArchiveSummary
{
    private readonly IncrementalHash _contents = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private string? _hash;

    /// <summary>What the archive is.</summary>
    public ArchiveRecord.OfHeader Header { get; private set; } = null!;

    /// <summary>How many ledgers it has.</summary>
    public long Ledgers { get; private set; }

    /// <summary>How many manifests it has.</summary>
    public long Manifests { get; private set; }

    /// <summary>How many tags it has.</summary>
    public long Tags { get; private set; }

    /// <summary>How many commits it has.</summary>
    public long Commits { get; private set; }

    /// <summary>How many blob links it has; a blob of two repositories counts twice.</summary>
    public long BlobLinks { get; private set; }

    /// <summary>The checksum of all records but the header: two archives of the same data have the same.</summary>
    public string Contents => _hash ??= Convert.ToHexStringLower(_contents.GetHashAndReset());

    /// <summary>Counts, for people.</summary>
    public override string ToString() =>
        $"{Ledgers} ledgers, {Manifests} manifests, {Tags} tags, {Commits} commits, {BlobLinks} blob links";

    internal void Add(byte[] frame) => _contents.AppendData(frame);

    internal void Add(ArchiveRecord record)
    {
        switch (record)
        {
            case ArchiveRecord.OfHeader header: Header = header; break;
            case ArchiveRecord.OfLedger: Ledgers++; break;
            case ArchiveRecord.OfManifest: Manifests++; break;
            case ArchiveRecord.OfTag: Tags++; break;
            case ArchiveRecord.OfCommit: Commits++; break;
            case ArchiveRecord.OfBlob: BlobLinks++; break;
        }
    }
}
