using System.Buffers;
using System.Security.Cryptography;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Transport;
using GeoRegistry.Ledgers.Verification;

namespace GeoRegistry.Ledgers.Archives;

/// <summary>Writes an archive to a stream, and refuses ledgers whose contents do not have their checksums.</summary>
public sealed class ArchiveWriter(Stream output) : IDisposable
{
    private const int FlushBytes = 256 * 1024;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly ArrayBufferWriter<byte> _frame = new(1024);
    private readonly ArrayBufferWriter<byte> _pending = new(2 * FlushBytes);
    private ArchiveRecord.OfLedger? _ledger;
    private ContentsChecksum _contents;
    private long _records;

    /// <summary>Writes a record.</summary>
    /// <exception cref="InvalidDataException">The ledger before it does not have the contents that its row says.</exception>
    public async ValueTask WriteAsync(ArchiveRecord record, CancellationToken cancellation = default)
    {
        Check(record);
        ArchiveCodec.Write(_frame, record);
        Add();
        _records++;
        if (_pending.WrittenCount >= FlushBytes) await FlushAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Writes the end. Without it nobody takes the archive.</summary>
    public async Task EndAsync(CancellationToken cancellation = default)
    {
        CheckContents();
        await FlushAsync(cancellation).ConfigureAwait(false);
        var writer = new WireWriter(_frame);
        writer.Byte(ArchiveCodec.End);
        writer.Number(_records);
        writer.Raw(_hash.GetHashAndReset());
        Add();
        await FlushAsync(cancellation).ConfigureAwait(false);
        await output.FlushAsync(cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose() => _hash.Dispose();

    private void Add()
    {
        Frames.Write(_pending, _frame.WrittenSpan);
        _frame.ResetWrittenCount();
    }

    private async ValueTask FlushAsync(CancellationToken cancellation)
    {
        _hash.AppendData(_pending.WrittenSpan);
        await output.WriteAsync(_pending.WrittenMemory, cancellation).ConfigureAwait(false);
        _pending.ResetWrittenCount();
    }

    private void Check(ArchiveRecord record)
    {
        if (record is ArchiveRecord.OfLedger ledger)
        {
            CheckContents();
            (_ledger, _contents) = (ledger, ContentsChecksum.OfHead(ledger.Ledger, ledger.Head));
        }

        _contents += ContentsChecksum.Of(record);
    }

    private void CheckContents()
    {
        if (_ledger?.Contents is { } stored && stored != _contents)
            throw new InvalidDataException(
                $"The {_ledger.Ledger} is damaged: its contents do not match their checksum. Repair it first, with "
                    + "'georegistry replication verify --repair'.");
    }
}
