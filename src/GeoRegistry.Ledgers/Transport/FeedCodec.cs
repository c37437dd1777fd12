using System.Buffers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;

namespace GeoRegistry.Ledgers.Transport;

/// <summary>How a feed is sent to the regions that tail it: frame after frame, without an end.</summary>
/// <remarks>
/// <code>
/// entry    = 3 position ledgerKind ledgerName checksum encodedCommit
/// withheld = 2 position                            a commit that the reader may not have
/// </code>
/// In the primitives of <see cref="CommitCodec"/>. The ledger is outside of the commit, so that a commit which cannot be read
/// affects no other ledger.
/// </remarks>
public static class FeedCodec
{
    private const byte Withheld = 2, Entry = 3; // 1 was an entry without its ledger.

    /// <summary>Writes an entry.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="entry">The entry.</param>
    /// <param name="withhold">Whether only its position is sent.</param>
    public static void Write(IBufferWriter<byte> output, FeedEntry entry, bool withhold)
    {
        var frame = new ArrayBufferWriter<byte>(entry.Encoded.Length + 64);
        var writer = new WireWriter(frame);
        writer.Byte(withhold ? Withheld : Entry);
        writer.Number(entry.Position);
        if (!withhold)
        {
            var ledger = entry.Ledger ?? throw new ArgumentException("An entry with a commit has its ledger.", nameof(entry));
            writer.Byte((byte)ledger.Kind);
            writer.Text(ledger.Name);
            writer.Bytes(entry.Checksum.Span);
            writer.Bytes(entry.Encoded.Span);
        }

        Frames.Write(output, frame.WrittenSpan);
    }

    /// <summary>Reads an entry, where a whole one has arrived.</summary>
    /// <param name="received">What has arrived; what is read is cut off.</param>
    /// <param name="entry">The entry; one that was withheld has neither commit nor checksum.</param>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="InvalidDataException">This is no feed.</exception>
    public static bool TryRead(ref ReadOnlySequence<byte> received, out FeedEntry entry)
    {
        entry = null!;
        if (received.Length < Frames.HeadBytes) return false;
        var length = Frames.ReadLength(received.Slice(0, Frames.HeadBytes).ToArray());
        if (received.Length < Frames.HeadBytes + length) return false;
        var reader = new WireReader(received.Slice(Frames.HeadBytes, length).ToArray());
        received = received.Slice(Frames.HeadBytes + length);
        entry = reader.Byte() switch
        {
            Entry => ReadEntry(ref reader),
            Withheld => FeedEntry.Empty(reader.Number()),
            var kind => throw new InvalidDataException($"The feed has an entry of the unknown kind {kind}. Upgrade this region first."),
        };
        reader.End();
        return true;
    }

    private static FeedEntry ReadEntry(ref WireReader reader)
    {
        var position = reader.Number();
        var ledger = CommitCodec.ReadLedger(ref reader);
        var checksum = reader.Bytes();
        return new FeedEntry(position, ledger, reader.Bytes(), checksum);
    }
}
