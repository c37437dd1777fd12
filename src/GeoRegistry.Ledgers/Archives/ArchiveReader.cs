using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Transport;

namespace GeoRegistry.Ledgers.Archives;

/// <summary>Reads archives.</summary>
public static class ArchiveReader
{
    private const string Damaged = "The archive is damaged: its checksum is another than that of its records.";

    private const string Cut = "The archive was cut short.";

    /// <summary>Reads an archive to its end and checks it, without using it.</summary>
    /// <param name="archive">The archive, from its beginning.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <exception cref="InvalidDataException">It is none, or damaged, or cut short.</exception>
    public static async Task<ArchiveSummary> CheckAsync(Stream archive, CancellationToken cancellation = default)
    {
        var summary = new ArchiveSummary();
        await foreach (var record in ReadAsync(archive, summary.Add, cancellation).ConfigureAwait(false)) summary.Add(record);
        return summary;
    }

    /// <summary>The records of an archive, read as they are enumerated.</summary>
    /// <param name="archive">The archive, from its beginning.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <exception cref="InvalidDataException">
    /// It is none, or damaged, or cut short: while it is enumerated, and for the checksum after the last record.
    /// </exception>
    public static IAsyncEnumerable<ArchiveRecord> ReadAsync(Stream archive, CancellationToken cancellation = default) =>
        ReadAsync(archive, static _ => { }, cancellation);

    private static async IAsyncEnumerable<ArchiveRecord> ReadAsync(
        Stream archive, Action<byte[]> take, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var records = 0L; ; records++)
        {
            var (head, frame) = await ReadFrameAsync(archive, cancellation).ConfigureAwait(false);
            if (frame[0] == ArchiveCodec.End)
            {
                CheckEnd(frame, records, hash.GetHashAndReset());
                if (await archive.ReadAsync(head.AsMemory(0, 1), cancellation).ConfigureAwait(false) > 0)
                    throw new InvalidDataException("The archive is damaged: it goes on after its end.");
                yield break;
            }

            hash.AppendData(head);
            hash.AppendData(frame);
            var record = ArchiveCodec.Read(frame);
            if (records == 0 != record is ArchiveRecord.OfHeader) throw new InvalidDataException("This is no archive of a region.");
            if (records > 0) take(frame);
            yield return record;
        }
    }

    private static void CheckEnd(byte[] frame, long records, byte[] computed)
    {
        var reader = new WireReader(frame.AsMemory(1));
        var isWhole = reader.Number() == records && reader.Raw(SHA256.HashSizeInBytes).Span.SequenceEqual(computed);
        reader.End();
        if (records == 0) throw new InvalidDataException("This is no archive of a region.");
        if (!isWhole) throw new InvalidDataException(Damaged);
    }

    private static async ValueTask<(byte[] Head, byte[] Frame)> ReadFrameAsync(Stream archive, CancellationToken cancellation)
    {
        try
        {
            var head = new byte[Frames.HeadBytes];
            await archive.ReadExactlyAsync(head, cancellation).ConfigureAwait(false);
            var frame = new byte[Frames.ReadLength(head)];
            await archive.ReadExactlyAsync(frame, cancellation).ConfigureAwait(false);
            return (head, frame);
        }
        catch (EndOfStreamException e)
        {
            throw new InvalidDataException(Cut, e);
        }
    }
}
