using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using Microsoft.Data.Sqlite;

namespace GeoRegistry.Storage.Sqlite;

/// <summary>Applies entries of another region's feed, within the caller's transaction.</summary>
internal static class ReplicaApplication
{
    /// <summary>SQLite's result codes where a row is there already that must not be.</summary>
    private const int PrimaryKeyTaken = 1555, UniqueTaken = 2067;

    public static ApplyOutcome Apply(SqliteSession session, RegionId source, Incarnation incarnation, IReadOnlyList<ReplicaEntry> entries)
    {
        var region = source.ToString();
        var begin = FeedRows.Cursor(session, region);
        if (entries.Count > 0 && !begin.Incarnation.IsNone && begin.Incarnation != incarnation)
            throw new ArgumentException(
                $"Entries of the incarnation {incarnation} of {source} cannot follow {begin.Incarnation}.", nameof(incarnation));
        var (cursor, faulty) = (begin, (LedgerId?)null);
        FeedRows.Ensure(session, region);
        foreach (var entry in entries.SkipWhile(entry => entry.Position <= begin.Position))
        {
            if (entry.Position != cursor.Position + 1)
                throw new ArgumentException($"The entry {entry.Position} of {source} cannot follow {cursor.Position}.", nameof(entries));
            if (entry.Ledger is { } ledger && !SetAsideRows.Has(session, ledger) && !TryApplyWhole(session, region, entry))
            {
                faulty = ledger;
                break;
            }

            cursor = new FeedCursor(incarnation, entry.Position, entry.Checksum);
        }

        if (cursor.Position > begin.Position) FeedRows.MoveCursor(session, region, cursor);
        return new ApplyOutcome(cursor, faulty);
    }

    // Rows of the ledger that are damaged here stop that ledger alone: a snapshot replaces them all.
    private static bool TryApplyWhole(SqliteSession session, string region, ReplicaEntry entry)
    {
        session.Execute("SAVEPOINT entry");
        var isApplied = false;
        try
        {
            isApplied = TryApply(session, region, entry);
        }
        catch (Exception e) when (
            DamagedRow.IsCauseOf(e) || e is SqliteException { SqliteExtendedErrorCode: PrimaryKeyTaken or UniqueTaken })
        {
            session.Execute("ROLLBACK TO entry");
        }

        session.Execute("RELEASE entry");
        return isApplied;
    }

    private static bool TryApply(SqliteSession session, string region, ReplicaEntry entry)
    {
        if (entry.Commit is not { } commit) return false;
        var (ledger, before) = LedgerRows.Find(session, commit.Ledger);
        var head = before.Head;
        var next = commit.Number == head.Number + 1 ? head.After(commit.Epoch, entry.Encoded.Span) : null;
        var fit = ReplicaFits.Of(commit, head, next, entry.Checksum.Span, number => ChecksumOf(session, ledger, number));
        if (fit == ReplicaFit.Next)
        {
            if (ledger == 0) ledger = LedgerRows.Add(session, commit.Ledger);
            CommitApplication.Apply(session, ledger, before, commit, entry.Encoded, next!, region, entry.Position);
        }

        if (fit is ReplicaFit.Next or ReplicaFit.Known)
            HydrationRows.Queue(session, region, entry.Position, ledger, commit.At.ToUnixTimeMilliseconds(), entry.Missing);
        return fit != ReplicaFit.Faulty;
    }

    /// <summary>A commit's checksum, or nothing where it is not kept.</summary>
    private static ReadOnlyMemory<byte> ChecksumOf(SqliteSession session, long ledger, long number)
    {
        using var row = session.Query("SELECT checksum FROM commits WHERE ledger = $1 AND number = $2", ledger, number);
        return row.Read() ? row.GetBytes(0) : default(ReadOnlyMemory<byte>);
    }
}
