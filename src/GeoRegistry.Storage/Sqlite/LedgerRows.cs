using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Verification;
using Microsoft.Data.Sqlite;

namespace GeoRegistry.Storage.Sqlite;

/// <summary>The rows of ledgers: a number that other tables name the ledger by, and its head.</summary>
internal static class LedgerRows
{
    /// <summary>Finds a ledger's row.</summary>
    /// <returns>Its number and head; 0 and the empty head where it has no row.</returns>
    public static (long Ledger, LedgerHead Head) Find(SqliteSession session, LedgerId id)
    {
        using var row = session.Query(
            "SELECT id, epoch, number, checksum FROM ledgers WHERE kind = $1 AND name = $2", (long)id.Kind, id.Name);
        return row.Read()
            ? (row.GetInt64(0), new LedgerHead(row.GetInt64(1), row.GetInt64(2), row.GetFieldValue<byte[]>(3)))
            : (0, LedgerHead.Empty);
    }

    /// <summary>Adds a ledger that has no row, with the empty head.</summary>
    /// <returns>Its number.</returns>
    public static long Add(SqliteSession session, LedgerId id) =>
        session.Number(
            "INSERT INTO ledgers (kind, name, epoch, number, checksum, contents) VALUES ($1, $2, 0, 0, $3, $4) RETURNING id",
            (long)id.Kind, id.Name, LedgerHead.Empty.Checksum.ToArray(), ContentsChecksum.Empty.ToBytes())!.Value;

    /// <summary>Finds a ledger's head and checksum.</summary>
    public static LedgerState State(SqliteSession session, LedgerId id)
    {
        using var row = session.Query(
            "SELECT epoch, number, checksum, contents FROM ledgers WHERE kind = $1 AND name = $2", (long)id.Kind, id.Name);
        return row.Read() ? State(row, 0) : LedgerState.Empty;
    }

    /// <summary>Reads the columns epoch, number, checksum and contents.</summary>
    public static LedgerState State(SqliteDataReader row, int first) => new(
        new LedgerHead(row.GetInt64(first), row.GetInt64(first + 1), row.GetFieldValue<byte[]>(first + 2)),
        row.IsDBNull(first + 3) ? null : ContentsChecksum.FromBytes(row.GetFieldValue<byte[]>(first + 3)) ?? ContentsChecksum.Empty);

    /// <summary>Moves a ledger's head by a commit.</summary>
    /// <param name="session">The writer's.</param>
    /// <param name="ledger">The ledger's row.</param>
    /// <param name="head">The new head.</param>
    /// <param name="change">What else the commit changed.</param>
    public static void MoveHead(SqliteSession session, long ledger, LedgerHead head, ContentsChange change)
    {
        var (id, before) = Read(session, ledger);
        var contents = before.Contents - ContentsChecksum.OfHead(id, before.Head) + ContentsChecksum.OfHead(id, head) + change.Sum;
        Write(session, ledger, head, contents);
    }

    /// <summary>Sets the head of a ledger whose contents were replaced whole.</summary>
    /// <param name="session">The writer's.</param>
    /// <param name="ledger">The ledger's row.</param>
    /// <param name="head">The head.</param>
    /// <param name="change">All that the ledger holds now.</param>
    public static void ReplaceHead(SqliteSession session, long ledger, LedgerHead head, ContentsChange change) =>
        Write(session, ledger, head, ContentsChecksum.OfHead(Read(session, ledger).Id, head) + change.Sum);

    private static (LedgerId Id, LedgerState State) Read(SqliteSession session, long ledger)
    {
        using var row = session.Query("SELECT kind, name, epoch, number, checksum, contents FROM ledgers WHERE id = $1", ledger);
        if (!row.Read()) throw new InvalidOperationException($"There is no ledger {ledger}.");
        return (new LedgerId((LedgerKind)row.GetInt64(0), row.GetString(1)), State(row, 2));
    }

    private static void Write(SqliteSession session, long ledger, LedgerHead head, ContentsChecksum? contents) => session.Execute(
        "UPDATE ledgers SET epoch = $2, number = $3, checksum = $4, contents = $5 WHERE id = $1",
        ledger, head.Epoch, head.Number, head.Checksum.ToArray(), contents?.ToBytes());
}
