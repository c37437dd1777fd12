using GeoRegistry.Ledgers.Stores;

namespace GeoRegistry.Storage.Sqlite;

/// <summary>What is known of each region's feed beside its commits.</summary>
/// <remarks>
/// <c>position</c> and <c>checksum</c> are the cursor. In the row of the region itself, <c>position</c> is the highest whose commit was dropped: no
/// position is ever given twice. Up to <c>snapshot</c>, snapshots stand for commits. Up to <c>pruned</c>, only the last commits of ledgers are kept.
/// </remarks>
internal static class FeedRows
{
    /// <summary>The last position that a feed has had here; 0 for none.</summary>
    public static long Head(SqliteSession session, string region) => Math.Max(
        session.Number("SELECT max(position) FROM commits WHERE region = $1", region) ?? 0,
        session.Number("SELECT max(position, pruned) FROM feeds WHERE region = $1", region) ?? 0);

    /// <summary>The position before the first from which on the feed is whole.</summary>
    public static long Pruned(SqliteSession session, string region) =>
        session.Number("SELECT pruned FROM feeds WHERE region = $1", region) ?? 0;

    /// <summary>Entries after a position, one for each position: those that have no commit here are empty.</summary>
    public static IReadOnlyList<FeedEntry> Read(SqliteSession session, string region, long after, int limit)
    {
        after = Math.Max(after, Pruned(session, region));
        var last = Math.Min(Head(session, region), after + limit);
        if (last <= after) return [];
        var entries = new List<FeedEntry>((int)(last - after));
        using var rows = session.Query(
            "SELECT position, encoded, checksum FROM commits WHERE region = $1 AND position > $2 AND position <= $3 ORDER BY position", region, after, last);
        while (rows.Read())
        {
            FillUpTo(rows.GetInt64(0) - 1);
            entries.Add(new FeedEntry(rows.GetInt64(0), rows.GetFieldValue<byte[]>(1), rows.GetFieldValue<byte[]>(2)));
        }

        FillUpTo(last);
        return entries;

        void FillUpTo(long position)
        {
            for (var next = after + entries.Count + 1; next <= position; next++) entries.Add(new FeedEntry(next, default, default));
        }
    }

    /// <summary>How far a feed is applied here.</summary>
    public static FeedCursor Cursor(SqliteSession session, string region)
    {
        using var row = session.Query("SELECT position, checksum FROM feeds WHERE region = $1", region);
        return row.Read() ? new FeedCursor(row.GetInt64(0), row.GetFieldValue<byte[]>(1)) : FeedCursor.Start;
    }

    /// <summary>Moves the cursor, which goes forward only.</summary>
    public static void MoveCursor(SqliteSession session, string region, FeedCursor cursor) =>
        session.Execute(
            """
            INSERT INTO feeds (region, position, checksum, snapshot, pruned) VALUES ($1, $2, $3, 0, 0)
            ON CONFLICT DO UPDATE SET position = excluded.position, checksum = excluded.checksum WHERE excluded.position > position
            """,
            region, cursor.Position, cursor.Checksum.ToArray());

    /// <summary>Notes up to where snapshots stand for a feed.</summary>
    public static void RaiseSnapshot(SqliteSession session, string region, long position) =>
        session.Execute(
            """
            INSERT INTO feeds (region, position, checksum, snapshot, pruned) VALUES ($1, 0, x'', $2, 0)
            ON CONFLICT DO UPDATE SET snapshot = max(snapshot, excluded.snapshot)
            """,
            region, position);

    /// <summary>Deletes commits after what is pruned already, of which at most so many are looked at.</summary>
    /// <returns>How many were looked at.</returns>
    public static int Prune(SqliteSession session, string region, long keep, int limit)
    {
        var (pruned, last) = (Pruned(session, region), Head(session, region) - keep);
        if (last <= pruned) return 0;
        var positions = session.List(
            row => row.GetInt64(0), "SELECT position FROM commits WHERE region = $1 AND position > $2 AND position <= $3 ORDER BY position LIMIT $4",
            region, pruned, last, (long)limit);
        if (positions.Count == limit) last = positions[^1];
        session.Execute(
            """
            DELETE FROM commits WHERE region = $1 AND position > $2 AND position <= $3
                AND number < (SELECT number FROM ledgers WHERE id = commits.ledger)
            """,
            region, pruned, last);
        RaisePruned(session, region, last);
        return positions.Count;
    }

    /// <summary>Notes up to where a feed is not whole.</summary>
    public static void RaisePruned(SqliteSession session, string region, long position) =>
        session.Execute(
            """
            INSERT INTO feeds (region, position, checksum, snapshot, pruned) VALUES ($1, 0, x'', 0, $2)
            ON CONFLICT DO UPDATE SET pruned = max(pruned, excluded.pruned)
            """,
            region, position);
}
