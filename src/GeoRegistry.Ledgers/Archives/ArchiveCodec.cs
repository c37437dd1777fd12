using System.Buffers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;

namespace GeoRegistry.Ledgers.Archives;

/// <summary>The wire form of an archive of a region's metadata: its records and an end, each a frame.</summary>
/// <remarks>
/// <code>
/// header      = 1 "GeoRegistry archive" version(1 byte, 1) region incarnation at
/// region      = 2 topology longestLease shownThrough
/// feed        = 3 region incarnation head position checksum snapshot pruned takeOver
/// ledger      = 4 kind(1 byte) name epoch number checksum      the next five belong to it
/// blob        = 5 digest size flags(1 byte: 1 committed, 2 uploaded) [uploaded]
/// manifest    = 6 digest mediaType content
/// tag         = 7 tag digest
/// commit      = 8 region position number checksum encodedCommit
/// announced   = 9 id digest size deletedBy
/// done        = 10 region before
/// taken       = 11 region id number
/// setAside    = 12 source kind(1 byte) name reason attempts notBefore
/// awaited     = 13 digest size from source position kind(1 byte) name at
/// end         = 0 records hash(32 bytes, SHA-256 of all before this frame)
/// </code>
/// In the primitives of <see cref="CommitCodec"/>; times and leases in milliseconds. An archive without its end was cut short and is
/// refused.
/// </remarks>
internal static class ArchiveCodec
{
    /// <summary>The kind of the last frame.</summary>
    public const byte End = 0;

    private const byte Version = 1, Header = 1, Region = 2, Feed = 3, Ledger = 4, Blob = 5, Manifest = 6, TagSet = 7, CommitKept = 8,
        Announced = 9, Done = 10, Taken = 11, SetAside = 12, Awaited = 13;

    private const byte Committed = 1, Uploaded = 2;

    private const string Magic = "GeoRegistry archive";

    /// <summary>Writes a record.</summary>
    public static void Write(ArrayBufferWriter<byte> frame, ArchiveRecord record)
    {
        var writer = new WireWriter(frame);
        switch (record)
        {
            case ArchiveRecord.OfHeader(var region, var incarnation, var at):
                writer.Byte(Header);
                writer.Text(Magic);
                writer.Byte(Version);
                writer.Text(region.ToString());
                writer.Text(incarnation.ToString());
                writer.Number(at.ToUnixTimeMilliseconds());
                break;
            case ArchiveRecord.OfRegion(var region):
                writer.Byte(Region);
                writer.Bytes(region.Topology.Span);
                writer.Number((long)region.LongestLease.TotalMilliseconds);
                writer.Number(region.ShownThrough);
                break;
            case ArchiveRecord.OfFeed feed:
                writer.Byte(Feed);
                writer.Text(feed.Region.ToString());
                writer.Text(feed.Cursor.Incarnation.ToString());
                writer.Number(feed.Head);
                writer.Number(feed.Cursor.Position);
                writer.Bytes(feed.Cursor.Checksum.Span);
                writer.Number(feed.Snapshot);
                writer.Number(feed.Pruned);
                writer.Number(feed.TakeOver);
                break;
            case ArchiveRecord.OfLedger(var ledger, var head):
                writer.Byte(Ledger);
                Write(writer, ledger);
                writer.Number(head.Epoch);
                writer.Number(head.Number);
                writer.Bytes(head.Checksum.Span);
                break;
            case ArchiveRecord.OfSetAside(var ledger):
                writer.Byte(SetAside);
                writer.Text(ledger.Source.ToString());
                Write(writer, ledger.Ledger);
                writer.Text(ledger.Reason);
                writer.Number(ledger.Attempts);
                writer.Number(ledger.NotBefore.ToUnixTimeMilliseconds());
                break;
            case ArchiveRecord.OfAwaitedBlob(var blob, var source, var position, var ledger, var at):
                writer.Byte(Awaited);
                writer.Digest(blob.Digest);
                writer.Number(blob.SizeBytes);
                writer.Text(blob.From.ToString());
                writer.Text(source.ToString());
                writer.Number(position);
                Write(writer, ledger);
                writer.Number(at);
                break;
            case ArchiveRecord.OfAnnouncementsDone(var region, var before):
                writer.Byte(Done);
                writer.Text(region.ToString());
                writer.Number(before);
                break;
            case ArchiveRecord.OfAnnouncementTaken(var region, var id, var number):
                writer.Byte(Taken);
                writer.Text(region.ToString());
                writer.Number(id);
                writer.Number(number);
                break;
            default:
                WriteOfLedger(writer, record);
                break;
        }
    }

    /// <summary>Reads a record of a whole frame.</summary>
    /// <exception cref="InvalidDataException">It is none that this build knows.</exception>
    public static ArchiveRecord Read(ReadOnlyMemory<byte> frame)
    {
        try
        {
            var reader = new WireReader(frame);
            var record = Read(reader.Byte(), ref reader);
            reader.End();
            return record;
        }
        catch (Exception e) when (e is FormatException or ArgumentException or OverflowException)
        {
            throw new InvalidDataException($"The archive is damaged: {e.Message}", e);
        }
    }

    private static void WriteOfLedger(WireWriter writer, ArchiveRecord record)
    {
        switch (record)
        {
            case ArchiveRecord.OfBlob(var digest, var sizeBytes, var isCommitted, var uploaded):
                writer.Byte(Blob);
                writer.Digest(digest);
                writer.Number(sizeBytes);
                writer.Byte((byte)((isCommitted ? Committed : 0) | (uploaded is null ? 0 : Uploaded)));
                if (uploaded is { } number) writer.Number(number);
                break;
            case ArchiveRecord.OfManifest(var manifest):
                writer.Byte(Manifest);
                writer.Digest(manifest.Digest);
                writer.Text(manifest.MediaType);
                writer.Bytes(manifest.Content.Span);
                break;
            case ArchiveRecord.OfTag(var tag, var digest):
                writer.Byte(TagSet);
                writer.Text(tag.ToString());
                writer.Digest(digest);
                break;
            case ArchiveRecord.OfCommit commit:
                writer.Byte(CommitKept);
                writer.Text(commit.Region.ToString());
                writer.Number(commit.Position);
                writer.Number(commit.Number);
                writer.Bytes(commit.Checksum.Span);
                writer.Bytes(commit.Encoded.Span);
                break;
            case ArchiveRecord.OfAnnouncement(var id, var digest, var sizeBytes, var deletedBy):
                writer.Byte(Announced);
                writer.Number(id);
                writer.Digest(digest);
                writer.Number(sizeBytes);
                writer.Number(deletedBy);
                break;
            default:
                throw new ArgumentException($"{record.GetType().Name} has no wire form.", nameof(record));
        }
    }

    private static ArchiveRecord Read(byte kind, ref WireReader reader) => kind switch
    {
        Header => ReadHeader(ref reader),
        Region => new ArchiveRecord.OfRegion(
            new RegionRecord(reader.Bytes(), TimeSpan.FromMilliseconds(reader.Number()), reader.Number())),
        Feed => ReadFeed(ref reader),
        Ledger => new ArchiveRecord.OfLedger(
            CommitCodec.ReadLedger(ref reader), new LedgerHead(reader.Number(), reader.Number(), ReadChecksum(ref reader))),
        Blob => ReadBlob(ref reader),
        Manifest => new ArchiveRecord.OfManifest(CommitCodec.ReadManifest(ref reader)),
        TagSet => new ArchiveRecord.OfTag(Tag.Parse(reader.Text()), reader.Digest()),
        CommitKept => new ArchiveRecord.OfCommit(
            ReadRegion(ref reader), reader.Number(), reader.Number(), ReadChecksum(ref reader), reader.Bytes()),
        Announced => new ArchiveRecord.OfAnnouncement(reader.Number(), reader.Digest(), reader.Number(), reader.Number()),
        Done => new ArchiveRecord.OfAnnouncementsDone(ReadRegion(ref reader), reader.Number()),
        Taken => new ArchiveRecord.OfAnnouncementTaken(ReadRegion(ref reader), reader.Number(), reader.Number()),
        SetAside => new ArchiveRecord.OfSetAside(new LedgerSetAside(
            ReadRegion(ref reader), CommitCodec.ReadLedger(ref reader), reader.Text(), checked((int)reader.Number()),
            DateTimeOffset.FromUnixTimeMilliseconds(reader.Number()))),
        Awaited => new ArchiveRecord.OfAwaitedBlob(
            new MissingBlob(reader.Digest(), reader.Number(), ReadRegion(ref reader)), ReadRegion(ref reader), reader.Number(),
            CommitCodec.ReadLedger(ref reader), reader.Number()),
        _ => throw new InvalidDataException($"The archive has a record of the unknown kind {kind}: use a newer build."),
    };

    private static ArchiveRecord.OfHeader ReadHeader(ref WireReader reader)
    {
        if (reader.Text() != Magic) throw new InvalidDataException("This is no archive of a region.");
        if (reader.Byte() is var version and not Version)
            throw new InvalidDataException($"The archive has the version {version}; this build knows {Version}: use a newer build.");
        return new ArchiveRecord.OfHeader(
            ReadRegion(ref reader), Incarnation.Parse(reader.Text()), DateTimeOffset.FromUnixTimeMilliseconds(reader.Number()));
    }

    private static ArchiveRecord.OfFeed ReadFeed(ref WireReader reader)
    {
        var (region, incarnation, head) = (ReadRegion(ref reader), Incarnation.Parse(reader.Text()), reader.Number());
        return new ArchiveRecord.OfFeed(
            region, head, new FeedCursor(incarnation, reader.Number(), reader.Bytes()), reader.Number(), reader.Number(),
            reader.Number());
    }

    private static ArchiveRecord.OfBlob ReadBlob(ref WireReader reader)
    {
        var (digest, sizeBytes, flags) = (reader.Digest(), reader.Number(), reader.Byte());
        if ((flags & ~(Committed | Uploaded)) != 0) throw new InvalidDataException("The archive has a blob with unknown flags.");
        return new ArchiveRecord.OfBlob(
            digest, sizeBytes, (flags & Committed) != 0, (flags & Uploaded) != 0 ? reader.Number() : null);
    }

    private static ReadOnlyMemory<byte> ReadChecksum(ref WireReader reader)
    {
        var checksum = reader.Bytes();
        return checksum.Length == LedgerHead.ChecksumSizeBytes
            ? checksum
            : throw new InvalidDataException($"The archive has a checksum of {checksum.Length} bytes.");
    }

    private static RegionId ReadRegion(ref WireReader reader) => RegionId.Parse(reader.Text());

    private static void Write(WireWriter writer, LedgerId ledger)
    {
        writer.Byte((byte)ledger.Kind);
        writer.Text(ledger.Name);
    }
}
