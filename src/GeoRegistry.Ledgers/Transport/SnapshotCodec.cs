using System.Buffers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;

namespace GeoRegistry.Ledgers.Transport;

/// <summary>How a ledger's snapshot is sent: a head, its entries, and an end, each a frame.</summary>
/// <remarks>
/// <code>
/// head     = version(1 byte, 1) ledgerKind ledgerName epoch number checksum
/// manifest = 1 digest mediaType content
/// tag      = 2 tag digest
/// blob     = 3 digest size      a commit says that the repository has it
/// uploaded = 4 digest size      it was uploaded, and nothing names it yet
/// end      = 0
/// </code>
/// In the primitives of <see cref="CommitCodec"/>. A snapshot without its end was cut short and is refused.
/// </remarks>
public static class SnapshotCodec
{
    private const byte Version = 1, End = 0, OfManifest = 1, OfTag = 2, OfBlob = 3, OfUploadedBlob = 4;

    /// <summary>Writes a snapshot.</summary>
    public static void Write(Stream output, LedgerSnapshot snapshot)
    {
        var frame = new ArrayBufferWriter<byte>(1024);
        var framed = new ArrayBufferWriter<byte>(1024);
        WriteFrame(writer =>
        {
            writer.Byte(Version);
            writer.Byte((byte)snapshot.Ledger.Kind);
            writer.Text(snapshot.Ledger.Name);
            writer.Number(snapshot.Head.Epoch);
            writer.Number(snapshot.Head.Number);
            writer.Bytes(snapshot.Head.Checksum.Span);
        });
        foreach (var entry in snapshot.Entries) WriteFrame(writer => WriteEntry(writer, entry));
        WriteFrame(writer => writer.Byte(End));

        void WriteFrame(Action<WireWriter> write)
        {
            frame.ResetWrittenCount();
            framed.ResetWrittenCount();
            write(new WireWriter(frame));
            Frames.Write(framed, frame.WrittenSpan);
            output.Write(framed.WrittenSpan);
        }
    }

    /// <summary>Reads a snapshot.</summary>
    /// <param name="open">Opens it at its beginning, once now and once for each enumeration of the entries.</param>
    /// <exception cref="InvalidDataException">This is no snapshot, or a part of one; so too while the entries are enumerated.</exception>
    public static LedgerSnapshot Read(Func<Stream> open)
    {
        using var stream = open();
        var (ledger, head) = Validated(ReadFrame(stream), ReadHead);
        return new LedgerSnapshot(ledger, head, ReadEntries(open));
    }

    private static (LedgerId Ledger, LedgerHead Head) ReadHead(byte[] frame)
    {
        var reader = new WireReader(frame);
        if (reader.Byte() is var version and not Version)
            throw new InvalidDataException(
                $"The snapshot has the version {version}; this build knows {Version}. Upgrade this region first.");
        var kind = (LedgerKind)reader.Byte();
        if (!Enum.IsDefined(kind))
            throw new InvalidDataException(
                $"The snapshot is of a ledger of the unknown kind {(int)kind}. Upgrade this region first.");
        var ledger = new LedgerId(kind, reader.Text());
        var head = new LedgerHead(reader.Number(), reader.Number(), reader.Bytes());
        reader.End();
        return (ledger, head);
    }

    // What is in a frame and cannot be read as what it should be.
    private static T Validated<T>(byte[] frame, Func<byte[], T> read)
    {
        try
        {
            return read(frame);
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            throw new InvalidDataException($"The snapshot is damaged: {e.Message}", e);
        }
    }

    private static IEnumerable<SnapshotEntry> ReadEntries(Func<Stream> open)
    {
        using var stream = open();
        ReadFrame(stream); // The head.
        while (Validated(ReadFrame(stream), ReadEntry) is { } entry) yield return entry;
    }

    private static void WriteEntry(WireWriter writer, SnapshotEntry entry)
    {
        switch (entry)
        {
            case SnapshotEntry.OfManifest(var manifest):
                writer.Byte(OfManifest);
                writer.Digest(manifest.Digest);
                writer.Text(manifest.MediaType);
                writer.Bytes(manifest.Content.Span);
                break;
            case SnapshotEntry.OfTag(var tag, var digest):
                writer.Byte(OfTag);
                writer.Text(tag.ToString());
                writer.Digest(digest);
                break;
            case SnapshotEntry.OfBlob(var digest, var sizeBytes, var isCommitted):
                writer.Byte(isCommitted ? OfBlob : OfUploadedBlob);
                writer.Digest(digest);
                writer.Number(sizeBytes);
                break;
            default:
                throw new ArgumentException($"{entry.GetType().Name} has no wire form.", nameof(entry));
        }
    }

    private static SnapshotEntry? ReadEntry(byte[] frame)
    {
        var reader = new WireReader(frame);
        var kind = reader.Byte();
        SnapshotEntry? entry = kind switch
        {
            End => null,
            OfManifest => new SnapshotEntry.OfManifest(CommitCodec.ReadManifest(ref reader)),
            OfTag => new SnapshotEntry.OfTag(Tag.Parse(reader.Text()), reader.Digest()),
            OfBlob => new SnapshotEntry.OfBlob(reader.Digest(), reader.Number()),
            OfUploadedBlob => new SnapshotEntry.OfBlob(reader.Digest(), reader.Number(), IsCommitted: false),
            _ => throw new InvalidDataException($"The snapshot has an entry of the unknown kind {kind}. Upgrade this region first."),
        };
        reader.End();
        return entry;
    }

    private static byte[] ReadFrame(Stream stream)
    {
        try
        {
            Span<byte> head = stackalloc byte[Frames.HeadBytes];
            stream.ReadExactly(head);
            var frame = new byte[Frames.ReadLength(head)];
            stream.ReadExactly(frame);
            return frame;
        }
        catch (EndOfStreamException e)
        {
            throw new InvalidDataException("The snapshot was cut short.", e);
        }
    }
}
