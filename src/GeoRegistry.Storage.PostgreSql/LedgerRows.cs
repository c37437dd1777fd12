using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Verification;
using GeoRegistry.Storage.PostgreSql.Connections;
using Npgsql;

namespace GeoRegistry.Storage.PostgreSql;

/// <summary>The rows of ledgers.</summary>
internal static class LedgerRows
{
    /// <summary>The number of the ledger whose kind is <c>$1</c> and whose name is <c>$2</c>.</summary>
    public const string Id = "(SELECT id FROM ledgers WHERE kind = $1 AND name = $2)";

    /// <summary>The values of <see cref="Id"/>, and others after them.</summary>
    public static object[] Values(LedgerId ledger, params ReadOnlySpan<object> more) => [(short)ledger.Kind, ledger.Name, .. more];

    /// <summary>Reads the columns epoch, number and checksum.</summary>
    public static LedgerHead Head(NpgsqlDataReader row, int first) =>
        new(row.GetInt64(first), row.GetInt64(first + 1), row.GetBytes(first + 2));

    /// <summary>Reads the columns epoch, number, checksum and contents.</summary>
    public static LedgerState State(NpgsqlDataReader row, int first) =>
        new(Head(row, first), ContentsChecksum.FromBytes(row.GetBytes(first + 3)) ?? ContentsChecksum.Empty);
}
