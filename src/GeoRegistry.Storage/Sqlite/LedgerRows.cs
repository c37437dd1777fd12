using GeoRegistry.Ledgers;

namespace GeoRegistry.Storage.Sqlite;

/// <summary>The rows of ledgers: a number that other tables name the ledger by, and its head.</summary>
internal static class LedgerRows
{
    /// <summary>Finds a ledger's row.</summary>
    /// <returns>Its number and head; 0 and the empty head where it has no row.</returns>
    public static (long Ledger, LedgerHead Head) Find(SqliteSession session, LedgerId id)
    {
        using var row = session.Query("SELECT id, epoch, number, checksum FROM ledgers WHERE kind = $1 AND name = $2", (long)id.Kind, id.Name);
        return row.Read()
            ? (row.GetInt64(0), new LedgerHead(row.GetInt64(1), row.GetInt64(2), row.GetFieldValue<byte[]>(3)))
            : (0, LedgerHead.Empty);
    }

    /// <summary>Adds a ledger that has no row, with the empty head.</summary>
    /// <returns>Its number.</returns>
    public static long Add(SqliteSession session, LedgerId id) =>
        session.Number(
            "INSERT INTO ledgers (kind, name, epoch, number, checksum) VALUES ($1, $2, 0, 0, $3) RETURNING id",
            (long)id.Kind, id.Name, LedgerHead.Empty.Checksum.ToArray())!.Value;

    /// <summary>Moves a ledger's head.</summary>
    public static void SetHead(SqliteSession session, long ledger, LedgerHead head) =>
        session.Execute("UPDATE ledgers SET epoch = $2, number = $3, checksum = $4 WHERE id = $1", ledger, head.Epoch, head.Number, head.Checksum.ToArray());
}
