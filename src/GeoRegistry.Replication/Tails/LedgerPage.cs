using GeoRegistry.Ledgers;

namespace GeoRegistry.Replication.Tails;

/// <summary>A page of ledgers that have one home.</summary>
/// <param name="Ledgers">The ledgers, in the order of their names.</param>
/// <param name="Next">The name after which the next page begins; null after the last.</param>
public sealed record LedgerPage(IReadOnlyList<LedgerRow> Ledgers, string? Next);

/// <summary>One ledger and its head.</summary>
/// <param name="Name">The repository.</param>
/// <param name="Epoch">Its head's epoch.</param>
/// <param name="Number">Its head's number.</param>
/// <param name="Checksum">Its head's checksum, hexadecimal.</param>
public sealed record LedgerRow(string Name, long Epoch, long Number, string Checksum)
{
    /// <summary>Describes a ledger.</summary>
    public static LedgerRow Of(LedgerId ledger, LedgerHead head) => new(ledger.Name, head.Epoch, head.Number, Convert.ToHexStringLower(head.Checksum.Span));

    /// <summary>The head.</summary>
    /// <exception cref="FormatException">The checksum is none.</exception>
    public LedgerHead ToHead() => new(Epoch, Number, Convert.FromHexString(Checksum));
}
