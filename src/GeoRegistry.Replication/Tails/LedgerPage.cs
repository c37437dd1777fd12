using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Verification;

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
/// <param name="Contents">The checksum of its contents; null where there is none yet, or the region is of a build before it.</param>
public sealed record LedgerRow(string Name, long Epoch, long Number, string Checksum, string? Contents = null)
{
    /// <summary>Describes a ledger.</summary>
    public static LedgerRow Of(LedgerId ledger, LedgerState state) =>
        new(ledger.Name, state.Head.Epoch, state.Head.Number, Convert.ToHexStringLower(state.Head.Checksum.Span),
            state.Contents?.ToString());

    /// <summary>The head.</summary>
    /// <exception cref="FormatException">The checksum is none.</exception>
    public LedgerHead ToHead() => new(Epoch, Number, Convert.FromHexString(Checksum));
}
