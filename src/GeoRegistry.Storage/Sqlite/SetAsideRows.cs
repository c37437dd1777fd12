using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;

namespace GeoRegistry.Storage.Sqlite;

/// <summary>The ledgers that could not be repaired, which their feeds skip meanwhile.</summary>
internal static class SetAsideRows
{
    private const string All = "SELECT kind, name, source, reason, attempts, not_before FROM ledgers_set_aside WHERE kind > 0";

    public static bool Has(SqliteSession session, LedgerId ledger) =>
        session.Number("SELECT 1 FROM ledgers_set_aside WHERE kind = $1 AND name = $2", (long)ledger.Kind, ledger.Name) is not null;

    public static void Add(SqliteSession session, RegionId source, LedgerId ledger, string reason, long notBefore) => session.Execute(
        """
        INSERT INTO ledgers_set_aside (kind, name, source, reason, attempts, not_before) VALUES ($1, $2, $3, $4, 1, $5)
        ON CONFLICT DO UPDATE SET source = $3, reason = $4, attempts = attempts + 1, not_before = $5
        """,
        (long)ledger.Kind, ledger.Name, source.ToString(), reason, notBefore);

    public static void Remove(SqliteSession session, LedgerId ledger) => Remove(session, ((long)ledger.Kind, ledger.Name));

    public static IReadOnlyList<LedgerSetAside> List(SqliteSession session) => session.List(Read, All);

    /// <summary>The keys of rows that cannot be read.</summary>
    public static IReadOnlyList<(long Kind, string Name)> ListUnreadable(SqliteSession session) =>
        session.ListUnreadable(row => (row.GetInt64(0), row.GetString(1)), Read, All);

    public static void Remove(SqliteSession session, (long Kind, string Name) key) =>
        session.Execute("DELETE FROM ledgers_set_aside WHERE kind = $1 AND name = $2", key.Kind, key.Name);

    private static LedgerSetAside Read(SqliteStatement row) => new(
        RegionId.Parse(row.GetString(2)),
        (LedgerKind)row.GetInt64(0) == LedgerKind.Repository
            ? LedgerId.Of(RepositoryName.Parse(row.GetString(1)))
            : throw new InvalidDataException($"There are no ledgers of the kind {row.GetInt64(0)}."),
        row.GetString(3),
        checked((int)row.GetInt64(4)),
        DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(5)));
}
