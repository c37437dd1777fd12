using System.Buffers;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Manifests;

namespace GeoRegistry.Ledgers.Commits;

/// <summary>The wire form of commits: what is stored, checksummed, and sent between regions.</summary>
/// <remarks>
/// <code>
/// commit    = version(1 byte) ledgerKind(1 byte) ledgerName epoch number atMilliseconds actor region [writeId] count operation*
///             version 2 has the write's id (16 bytes), version 1 has none
/// operation = kind length payload              kind is an OperationKind; length is the payload's, in bytes
///   ManifestPut     = digest mediaType content
///   TagSet          = tag digest
///   TagDeleted      = tag
///   ManifestDeleted = digest
///   BlobDeleted     = digest
///   BlobLinked      = digest size
/// </code>
/// Numbers are unsigned LEB128; texts (UTF-8) and content are a length and bytes; a digest is an algorithm byte and its hash.
/// A commit has one form only: numbers without needless bytes, texts that are UTF-8, manifests whose digest is theirs.
/// A reader refuses versions and kinds that it does not know: applying half a commit would make replicas differ.
/// </remarks>
public static class CommitCodec
{
    private const byte WithoutWriteId = 1, WithWriteId = 2;

    /// <summary>Writes a commit; equal commits give equal bytes.</summary>
    public static byte[] Encode(Commit commit)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        var writer = new WireWriter(buffer);
        writer.Byte(commit.Write.IsNone ? WithoutWriteId : WithWriteId);
        writer.Byte((byte)commit.Ledger.Kind);
        writer.Text(commit.Ledger.Name);
        writer.Number(commit.Epoch);
        writer.Number(commit.Number);
        writer.Number(commit.At.ToUnixTimeMilliseconds());
        writer.Text(commit.Actor);
        writer.Text(commit.Region.ToString());
        if (!commit.Write.IsNone) writer.Raw(commit.Write.ToBytes());
        writer.Number(commit.Operations.Count);
        var payload = new ArrayBufferWriter<byte>(256);
        foreach (var operation in commit.Operations)
        {
            payload.ResetWrittenCount();
            writer.Number((int)WritePayload(operation, new WireWriter(payload)));
            writer.Bytes(payload.WrittenSpan);
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads a commit. Manifests in it share the memory that is read, which must not change.</summary>
    /// <exception cref="InvalidDataException">The bytes are no commit, or one of a newer version.</exception>
    public static Commit Decode(ReadOnlyMemory<byte> encoded)
    {
        try
        {
            return Read(encoded);
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            throw new InvalidDataException($"The commit has a value that is not valid: {e.Message}", e);
        }
    }

    /// <summary>Reads a commit; as <see cref="Decode"/>.</summary>
    /// <returns>The commit; null where the bytes are none, or one of a newer version.</returns>
    public static Commit? TryDecode(ReadOnlyMemory<byte> encoded)
    {
        try
        {
            return Decode(encoded);
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    private static byte ReadVersion(ref WireReader reader)
    {
        var version = reader.Byte();
        return version is WithoutWriteId or WithWriteId
            ? version
            : throw new InvalidDataException(
                $"The commit has the version {version}; this build knows {WithoutWriteId} and {WithWriteId}. Upgrade this region first.");
    }

    /// <summary>Reads a ledger's kind and name.</summary>
    internal static LedgerId ReadLedger(ref WireReader reader)
    {
        var kind = (LedgerKind)reader.Byte();
        if (!Enum.IsDefined(kind)) throw new InvalidDataException($"The commit is of an unknown kind of ledger, {(int)kind}.");
        return new LedgerId(kind, reader.Text());
    }

    private static Commit Read(ReadOnlyMemory<byte> encoded)
    {
        var reader = new WireReader(encoded);
        var version = ReadVersion(ref reader);
        var ledger = ReadLedger(ref reader);
        var epoch = reader.Number();
        var number = reader.Number();
        var at = DateTimeOffset.FromUnixTimeMilliseconds(reader.Number());
        var actor = reader.Text();
        var region = RegionId.Parse(reader.Text());
        var write = version == WithWriteId ? WriteId.FromBytes(reader.Raw(WriteId.SizeBytes).Span) : default;
        if (version == WithWriteId && write.IsNone) throw new InvalidDataException("The commit has an empty write id.");
        var operations = new Operation[reader.Count()];
        for (var i = 0; i < operations.Length; i++)
        {
            var operationKind = reader.Number();
            operations[i] = ReadPayload(operationKind, new WireReader(reader.Bytes()));
        }

        reader.End();
        if (operations.Length == 0 && write.IsNone) throw new InvalidDataException("The commit changes nothing and names no write.");
        return new Commit(ledger, epoch, number, at, actor, region, operations) { Write = write };
    }

    private static OperationKind WritePayload(Operation operation, WireWriter writer)
    {
        switch (operation)
        {
            case Operation.ManifestPut put:
                writer.Digest(put.Manifest.Digest);
                writer.Text(put.Manifest.MediaType);
                writer.Bytes(put.Manifest.Content.Span);
                return OperationKind.ManifestPut;
            case Operation.TagSet set:
                writer.Text(set.Tag.ToString());
                writer.Digest(set.Digest);
                return OperationKind.TagSet;
            case Operation.TagDeleted deleted:
                writer.Text(deleted.Tag.ToString());
                return OperationKind.TagDeleted;
            case Operation.ManifestDeleted deleted:
                writer.Digest(deleted.Digest);
                return OperationKind.ManifestDeleted;
            case Operation.BlobDeleted deleted:
                writer.Digest(deleted.Digest);
                return OperationKind.BlobDeleted;
            case Operation.BlobLinked linked:
                writer.Digest(linked.Digest);
                writer.Number(linked.SizeBytes);
                return OperationKind.BlobLinked;
            default:
                throw new ArgumentException($"{operation.GetType().Name} has no wire form.", nameof(operation));
        }
    }

    private static Operation ReadPayload(long kind, WireReader reader)
    {
        Operation operation = kind switch
        {
            (int)OperationKind.ManifestPut => new Operation.ManifestPut(ReadManifest(ref reader)),
            (int)OperationKind.TagSet => new Operation.TagSet(Tag.Parse(reader.Text()), reader.Digest()),
            (int)OperationKind.TagDeleted => new Operation.TagDeleted(Tag.Parse(reader.Text())),
            (int)OperationKind.ManifestDeleted => new Operation.ManifestDeleted(reader.Digest()),
            (int)OperationKind.BlobDeleted => new Operation.BlobDeleted(reader.Digest()),
            (int)OperationKind.BlobLinked => new Operation.BlobLinked(reader.Digest(), reader.Number()),
            _ => throw new InvalidDataException($"The commit holds an operation of the unknown kind {kind}. Upgrade this region first."),
        };
        reader.End();
        return operation;
    }

    /// <summary>Reads a manifest whose digest must be its own.</summary>
    internal static Manifest ReadManifest(ref WireReader reader)
    {
        var digest = reader.Digest();
        var mediaType = reader.Text();
        var content = reader.Bytes();
        if (Digest.Of(content.Span, digest.Algorithm) != digest)
            throw new InvalidDataException($"The commit holds other content under {digest}.");
        return ManifestReader.Read(content, mediaType, digest) switch
        {
            ManifestReading.Accepted { Manifest: var manifest } when manifest.MediaType == mediaType => manifest,
            ManifestReading.Accepted => throw new InvalidDataException(
                $"The commit holds the manifest {digest} as '{mediaType}', but the manifest itself gives another media type."),
            ManifestReading.Rejected rejected => throw new InvalidDataException(
                $"The commit holds the manifest {digest}, which cannot be read: {rejected.Reason}"),
            _ => throw new InvalidOperationException("A manifest is accepted or rejected."),
        };
    }
}
