using System.Buffers;
using System.Runtime.CompilerServices;
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
    public static async Task WriteAsync(Stream output, LedgerSnapshot snapshot, CancellationToken cancellation = default)
    {
        var frame = new ArrayBufferWriter<byte>(1024);
        var framed = new ArrayBufferWriter<byte>(1024);
        await WriteFrameAsync(writer =>
        {
            writer.Byte(Version);
            writer.Byte((byte)snapshot.Ledger.Kind);
            writer.Text(snapshot.Ledger.Name);
            writer.Number(snapshot.Head.Epoch);
            writer.Number(snapshot.Head.Number);
            writer.Bytes(snapshot.Head.Checksum.Span);
        }).ConfigureAwait(false);
        await foreach (var entry in snapshot.Entries.WithCancellation(cancellation).ConfigureAwait(false))
            await WriteFrameAsync(writer => WriteEntry(writer, entry)).ConfigureAwait(false);
        await WriteFrameAsync(writer => writer.Byte(End)).ConfigureAwait(false);

        ValueTask WriteFrameAsync(Action<WireWriter> write)
        {
            frame.ResetWrittenCount();
            framed.ResetWrittenCount();
            write(new WireWriter(frame));
            Frames.Write(framed, frame.WrittenSpan);
            return output.WriteAsync(framed.WrittenMemory, cancellation);
        }
    }

    /// <summary>Reads a snapshot.</summary>
    /// <param name="open">Opens it at its beginning, once now and once for each enumeration of the entries.</param>
    /// <exception cref="InvalidDataException">This is no snapshot, or a part of one; so too while the entries are enumerated.</exception>
    public static async Task<LedgerSnapshot> ReadAsync(Func<Stream> open, CancellationToken cancellation = default)
    {
        var stream = open();
        await using (stream.ConfigureAwait(false))
        {
            var (ledger, head) = Validated(await ReadFrameAsync(stream, cancellation).ConfigureAwait(false), ReadHead);
            return new LedgerSnapshot(ledger, head, ReadEntriesAsync(open, CancellationToken.None));
        }
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

    private static async IAsyncEnumerable<SnapshotEntry> ReadEntriesAsync(
        Func<Stream> open, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var stream = open();
        await using (stream.ConfigureAwait(false))
        {
            await ReadFrameAsync(stream, cancellation).ConfigureAwait(false); // The head.
            while (Validated(await ReadFrameAsync(stream, cancellation).ConfigureAwait(false), ReadEntry) is { } entry)
                yield return entry;
        }
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

    private static async ValueTask<byte[]> ReadFrameAsync(Stream stream, CancellationToken cancellation)
    {
        try
        {
            var head = new byte[Frames.HeadBytes];
            await stream.ReadExactlyAsync(head, cancellation).ConfigureAwait(false);
            var frame = new byte[Frames.ReadLength(head)];
            await stream.ReadExactlyAsync(frame, cancellation).ConfigureAwait(false);
            return frame;
        }
        catch (EndOfStreamException e)
        {
            throw new InvalidDataException("The snapshot was cut short.", e);
        }
    }
}
