using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Verification;

namespace GeoRegistry.Storage.Sqlite;

/// <summary>The rows of ledgers: a number that other tables name the ledger by, its head, and the checksum of its contents.</summary>
internal static class LedgerRows
{
    private const string Columns = "id, epoch, number, checksum, contents";

    /// <summary>Finds a ledger's row.</summary>
    /// <returns>Its number, head and checksum; 0 and the empty ones where it has no row.</returns>
    public static (long Ledger, LedgerState State) Find(SqliteSession session, LedgerId id)
    {
        using (var row = session.Query($"SELECT {Columns} FROM ledgers WHERE kind = $1 AND name = $2", (long)id.Kind, id.Name))
        {
            if (row.Read()) return (row.GetInt64(0), State(row, 1));
        }

        // One that lost its name must not begin anew under it.
        if (LedgerNames.Find(session, id) is not { } ledger) return (0, LedgerState.Empty);
        using var unnamed = session.Query($"SELECT {Columns} FROM ledgers WHERE id = $1", ledger);
        return unnamed.Read() ? (ledger, State(unnamed, 1)) : (0, LedgerState.Empty);
    }

    /// <summary>Adds a ledger that has no row, with the empty head.</summary>
    /// <returns>Its number.</returns>
    public static long Add(SqliteSession session, LedgerId id)
    {
        var ledger = Add(session, id, number: null, ContentsChecksum.Empty.ToBytes());
        LedgerNames.Add(session, ledger, id);
        return ledger;
    }

    /// <summary>Adds the row of a ledger that lost it, with a checksum that no contents have: so that it is found damaged.</summary>
    public static void AddLost(SqliteSession session, LedgerId id, long number) =>
        Add(session, id, number, Convert.FromHexString(new string('f', 2 * ContentsChecksum.Empty.ToBytes().Length)));

    private static long Add(SqliteSession session, LedgerId id, long? number, byte[] contents) =>
        session.Number(
            "INSERT INTO ledgers (id, kind, name, epoch, number, checksum, contents) VALUES ($1, $2, $3, 0, 0, $4, $5) RETURNING id",
            number, (long)id.Kind, id.Name, LedgerHead.Empty.Checksum.ToArray(), contents)!.Value;

    /// <summary>Reads the columns epoch, number, checksum and contents.</summary>
    public static LedgerState State(SqliteStatement row, int first) => new(
        new LedgerHead(row.GetInt64(first), row.GetInt64(first + 1), row.GetBytes(first + 2)),
        row.IsDBNull(first + 3) ? null : ContentsChecksum.FromBytes(row.GetBytes(first + 3)) ?? ContentsChecksum.Empty);

    /// <summary>Moves a ledger's head by a commit.</summary>
    /// <param name="session">The writer's.</param>
    /// <param name="ledger">The ledger's row.</param>
    /// <param name="id">The ledger.</param>
    /// <param name="before">What its row has now.</param>
    /// <param name="head">The new head.</param>
    /// <param name="change">What else the commit changed.</param>
    public static void MoveHead(
        SqliteSession session, long ledger, LedgerId id, LedgerState before, LedgerHead head, ContentsChange change) =>
        Write(
            session,
            ledger,
            head,
            before.Contents - ContentsChecksum.OfHead(id, before.Head) + ContentsChecksum.OfHead(id, head) + change.Sum);

    /// <summary>Sets the head of a ledger whose contents were replaced whole.</summary>
    /// <param name="session">The writer's.</param>
    /// <param name="ledger">The ledger's row.</param>
    /// <param name="id">The ledger.</param>
    /// <param name="head">The head.</param>
    /// <param name="change">All that the ledger holds now.</param>
    public static void ReplaceHead(SqliteSession session, long ledger, LedgerId id, LedgerHead head, ContentsChange change) =>
        Write(session, ledger, head, ContentsChecksum.OfHead(id, head) + change.Sum);

    private static void Write(SqliteSession session, long ledger, LedgerHead head, ContentsChecksum? contents) => session.Execute(
        "UPDATE ledgers SET epoch = $2, number = $3, checksum = $4, contents = $5 WHERE id = $1",
        ledger, head.Epoch, head.Number, head.Checksum.ToArray(), contents?.ToBytes());
}
