using System.Security.Cryptography;

namespace GeoRegistry.Ledgers;

/// <summary>The head of a ledger: its last commit, and a checksum over all of them.</summary>
/// <param name="Epoch">The epoch of the last commit; 0 before the first.</param>
/// <param name="Number">The number of the last commit; 0 before the first, then 1, 2, 3 without a gap.</param>
/// <param name="Checksum">32 bytes: SHA-256 over the checksum before and the commit's wire form. Two replicas with equal heads have
/// equal histories.</param>
public sealed record LedgerHead(long Epoch, long Number, ReadOnlyMemory<byte> Checksum)
{
    /// <summary>The length of a checksum, in bytes.</summary>
    public const int ChecksumSizeBytes = SHA256.HashSizeInBytes;

    /// <summary>A ledger without commits; its checksum is all zeros.</summary>
    public static readonly LedgerHead Empty = new(0, 0, new byte[ChecksumSizeBytes]);

    /// <summary>The place of the last commit.</summary>
    public LedgerPoint Point => new(Epoch, Number);

    /// <summary>The head after one more commit.</summary>
    /// <param name="epoch">The commit's epoch.</param>
    /// <param name="encodedCommit">The commit's wire form.</param>
    public LedgerHead After(long epoch, ReadOnlySpan<byte> encodedCommit)
    {
        var hash = new GatheredHash(stackalloc byte[GatheredHash.UsualBytes]);
        hash.Add(Checksum.Span);
        hash.Add(encodedCommit);
        var checksum = new byte[ChecksumSizeBytes];
        hash.Finish(checksum);
        return new LedgerHead(epoch, Number + 1, checksum);
    }

    /// <summary>Whether both name the same history.</summary>
    public bool Equals(LedgerHead? other) =>
        other is not null && Epoch == other.Epoch && Number == other.Number && Checksum.Span.SequenceEqual(other.Checksum.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Epoch, Number);
}
