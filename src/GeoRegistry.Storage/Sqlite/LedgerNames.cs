using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using GeoRegistry.Ledgers;

namespace GeoRegistry.Storage.Sqlite;

/// <summary>
/// The names of ledgers, kept a second time, with checksums: whose a ledger's other rows are cannot be told from them, and
/// a ledger that lost its name would begin anew under it.
/// </summary>
internal static class LedgerNames
{
    private const string Columns = "id, kind, name, row_checksum";

    private const string Differs =
        "NOT EXISTS (SELECT 1 FROM ledgers WHERE ledgers.id = ledger_names.id "
        + "AND ledgers.kind = ledger_names.kind AND ledgers.name = ledger_names.name)";

    /// <summary>Notes the name of a ledger.</summary>
    public static void Add(SqliteSession session, long ledger, LedgerId id) => session.Execute(
        $"INSERT INTO ledger_names ({Columns}) VALUES ($1, $2, $3, $4)",
        ledger, (long)id.Kind, id.Name, Checksum(ledger, (long)id.Kind, id.Name));

    /// <summary>The number of the ledger of a name; null where no whole row says it.</summary>
    public static long? Find(SqliteSession session, LedgerId id)
    {
        using var row = session.Query(
            $"SELECT {Columns} FROM ledger_names WHERE kind = $1 AND name = $2", (long)id.Kind, id.Name);
        return row.Read() && IsWhole(row) ? row.GetInt64(0) : null;
    }

    /// <summary>The name of a ledger; null where no whole row says it.</summary>
    public static LedgerId? Find(SqliteSession session, long ledger)
    {
        using var row = session.Query($"SELECT {Columns} FROM ledger_names WHERE id = $1", ledger);
        return row.Read() && IsWhole(row) ? new LedgerId((LedgerKind)row.GetInt64(1), row.GetString(2)) : null;
    }

    /// <summary>Makes the ledgers' rows and the copies of their names the same, where they are not.</summary>
    /// <returns>The numbers of ledgers of which one was damaged.</returns>
    /// <remarks>Its cost is that of all names; checksums of copies that say the same are not looked at.</remarks>
    public static IReadOnlyList<long> Restore(SqliteSession session)
    {
        // Those of an earlier build have none yet.
        var unsummed = session.List(
            row => (row.GetInt64(0), row.GetInt64(1), row.GetString(2)),
            $"SELECT id, kind, name FROM ledger_names WHERE row_checksum IS NULL AND NOT {Differs}");
        foreach (var (ledger, kind, name) in unsummed)
            session.Execute("UPDATE ledger_names SET row_checksum = $2 WHERE id = $1", ledger, Checksum(ledger, kind, name));

        var differing = session.List(row => row.GetInt64(0), $"SELECT id FROM ledger_names WHERE {Differs}");
        foreach (var ledger in differing) Restore(session, ledger);
        var unnamed = session.List(row => row.GetInt64(0), "SELECT id FROM ledgers WHERE id NOT IN (SELECT id FROM ledger_names)");
        foreach (var ledger in unnamed) Restore(session, ledger);
        return [.. differing.Union(unnamed)];
    }

    /// <summary>Gives one ledger its name by the copy, or the copy that of the ledger where the copy is damaged.</summary>
    /// <returns>Whether they were not the same.</returns>
    public static bool Restore(SqliteSession session, long ledger)
    {
        if (Find(session, ledger) is not { } id)
        {
            session.Execute("DELETE FROM ledger_names WHERE id = $1", ledger);
            return NameIn(session, ledger) is not { } named || session.Execute(
                $"INSERT OR IGNORE INTO ledger_names ({Columns}) VALUES ($1, $2, $3, $4)",
                ledger, named.Kind, named.Name, Checksum(ledger, named.Kind, named.Name)) > 0;
        }

        if (NameIn(session, ledger) is { } now)
        {
            return now != ((long)id.Kind, id.Name) && session.Execute(
                "UPDATE OR IGNORE ledgers SET kind = $2, name = $3 WHERE id = $1", ledger, (long)id.Kind, id.Name) > 0;
        }

        // The row has another number, or is gone.
        if (session.Execute(
            "UPDATE OR IGNORE ledgers SET id = $1 WHERE kind = $2 AND name = $3", ledger, (long)id.Kind, id.Name) == 0)
            LedgerRows.AddLost(session, id, ledger);
        return true;
    }

    private static (long Kind, string Name)? NameIn(SqliteSession session, long ledger)
    {
        using var row = session.Query("SELECT kind, name FROM ledgers WHERE id = $1", ledger);
        return row.Read() ? (row.GetInt64(0), row.GetString(1)) : null;
    }

    private static bool IsWhole(SqliteStatement row) =>
        !row.IsDBNull(3) && row.GetBytes(3).AsSpan().SequenceEqual(
            Checksum(row.GetInt64(0), row.GetInt64(1), row.GetString(2)));

    private static byte[] Checksum(long ledger, long kind, string name) => SHA256.HashData(Encoding.UTF8.GetBytes(
        string.Create(CultureInfo.InvariantCulture, $"{ledger}\n{kind}\n{name}")));
}
