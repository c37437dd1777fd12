using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using GeoRegistry.Ledgers.Archives;
using GeoRegistry.Ledgers.Stores;

namespace GeoRegistry.Ledgers.Verification;

/// <summary>
/// A checksum of what a ledger holds now: the sum, modulo 2^128, of one hash for each of its rows, in whatever order they
/// are added.
/// </summary>
/// <remarks>
/// <para>
/// A row that is added adds its hash and a row that is removed subtracts it, so every change keeps the sum up to date at the cost
/// of the rows that it touches, and a scan of all rows gives the same sum again. The rows are the head, the manifests, the tags, and
/// the blob links that commits made. All of them follow from the ledger's history, so two regions with equal heads have equal
/// checksums.
/// </para>
/// <para>
/// A row's hash is the first 16 bytes of the SHA-256 over the row's kind (one byte) and its fields, each with its length before it
/// (4 bytes, big-endian); numbers are 8 bytes, big-endian, and a digest is its algorithm's byte and its hash. The checksum finds
/// accidents; it is no defence against an attacker who can write the database. Regions send it to each other: its definition never
/// changes.
/// </para>
/// </remarks>
/// <param name="Sum">The sum.</param>
public readonly record struct ContentsChecksum(UInt128 Sum)
{
    /// <summary>The length of a checksum, in bytes.</summary>
    public const int SizeBytes = 16;

    private enum Kind : byte
    {
        Head = 1,
        Manifest = 2,
        Tag = 3,
        BlobLink = 4,
    }

    /// <summary>The checksum of a ledger without anything.</summary>
    public static ContentsChecksum Empty => default;

    /// <summary>The hash of a ledger's name and head; that of a ledger without commits is zero.</summary>
    public static ContentsChecksum OfHead(LedgerId ledger, LedgerHead head)
    {
        if (head.Equals(LedgerHead.Empty)) return Empty;
        Span<byte> numbers = stackalloc byte[3 * sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(numbers, (long)ledger.Kind);
        BinaryPrimitives.WriteInt64BigEndian(numbers[sizeof(long)..], head.Epoch);
        BinaryPrimitives.WriteInt64BigEndian(numbers[(2 * sizeof(long))..], head.Number);
        return Of(Kind.Head, Encoding.UTF8.GetBytes(ledger.Name), numbers, head.Checksum.Span);
    }

    /// <summary>The hash of a manifest.</summary>
    public static ContentsChecksum OfManifest(ReadOnlySpan<byte> digest, string mediaType, ReadOnlySpan<byte> content) =>
        Of(Kind.Manifest, digest, Encoding.UTF8.GetBytes(mediaType), content);

    /// <summary>The hash of a tag.</summary>
    public static ContentsChecksum OfTag(string name, ReadOnlySpan<byte> digest) => Of(Kind.Tag, Encoding.UTF8.GetBytes(name), digest, []);

    /// <summary>The hash of a blob link that a commit made.</summary>
    public static ContentsChecksum OfBlobLink(ReadOnlySpan<byte> digest, long sizeBytes)
    {
        Span<byte> size = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(size, sizeBytes);
        return Of(Kind.BlobLink, digest, size, []);
    }

    /// <summary>The hash of a row of a snapshot; that of a blob which no commit names is zero.</summary>
    public static ContentsChecksum Of(SnapshotEntry entry) => entry switch
    {
        SnapshotEntry.OfManifest(var manifest) => OfManifest(manifest.Digest.ToKey(), manifest.MediaType, manifest.Content.Span),
        SnapshotEntry.OfTag(var tag, var digest) => OfTag(tag.ToString(), digest.ToKey()),
        SnapshotEntry.OfBlob(var digest, var sizeBytes, IsCommitted: true) => OfBlobLink(digest.ToKey(), sizeBytes),
        _ => Empty,
    };

    /// <summary>The hash of a record of an archive, within its ledger; that of one which is no row of the contents is zero.</summary>
    public static ContentsChecksum Of(ArchiveRecord record) => record switch
    {
        ArchiveRecord.OfManifest(var manifest) => OfManifest(manifest.Digest.ToKey(), manifest.MediaType, manifest.Content.Span),
        ArchiveRecord.OfTag(var tag, var digest) => OfTag(tag.ToString(), digest.ToKey()),
        ArchiveRecord.OfBlob { IsCommitted: true } blob => OfBlobLink(blob.Digest.ToKey(), blob.SizeBytes),
        _ => Empty,
    };

    /// <summary>Reads a checksum from its bytes.</summary>
    /// <returns>The checksum; null where they are not <see cref="SizeBytes"/> bytes.</returns>
    public static ContentsChecksum? FromBytes(ReadOnlySpan<byte> bytes) =>
        bytes.Length == SizeBytes ? new ContentsChecksum(BinaryPrimitives.ReadUInt128BigEndian(bytes)) : null;

    /// <summary>Reads a checksum from its text.</summary>
    /// <returns>The checksum; null where the text is none.</returns>
    public static ContentsChecksum? Parse(string? text) =>
        text?.Length == 2 * SizeBytes && UInt128.TryParse(text, System.Globalization.NumberStyles.AllowHexSpecifier, null, out var sum)
            ? new ContentsChecksum(sum) : null;

    /// <summary>The sum of two.</summary>
    public static ContentsChecksum operator +(ContentsChecksum left, ContentsChecksum right) => new(unchecked(left.Sum + right.Sum));

    /// <summary>What is left of one without another.</summary>
    public static ContentsChecksum operator -(ContentsChecksum left, ContentsChecksum right) => new(unchecked(left.Sum - right.Sum));

    /// <summary>The checksum's bytes.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[SizeBytes];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, Sum);
        return bytes;
    }

    /// <summary>The checksum as text: 32 lower-case hexadecimal digits.</summary>
    public override string ToString() => Sum.ToString("x32", null);

    private static ContentsChecksum Of(Kind kind, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third)
    {
        var hash = new GatheredHash(stackalloc byte[GatheredHash.UsualBytes]);
        hash.Add([(byte)kind]);
        hash.AddField(first);
        hash.AddField(second);
        hash.AddField(third);
        Span<byte> result = stackalloc byte[SHA256.HashSizeInBytes];
        hash.Finish(result);
        return new ContentsChecksum(BinaryPrimitives.ReadUInt128BigEndian(result));
    }
}
