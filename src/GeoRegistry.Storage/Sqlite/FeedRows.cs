using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Archives;
using GeoRegistry.Ledgers.Stores;

namespace GeoRegistry.Storage.Sqlite;

/// <summary>What is known of each region's feed beside its commits.</summary>
/// <remarks>
/// <c>incarnation</c>, <c>position</c> and <c>checksum</c> are the cursor. In the row of the region itself, <c>position</c> is the
/// highest whose commit was dropped: no position is ever given twice. Up to <c>snapshot</c>, snapshots replace commits. Up to
/// <c>pruned</c>, only the last commits of ledgers are kept. <c>take_over</c> is the version of the topology (or 1)
/// because of which ledgers of the region are to be compared with its own; 0 for none. <c>bytes</c> is the size of its commits,
/// kept by triggers. <c>row_checksum</c> is <see cref="FeedChecksums"/>'s. The incarnation of the region's own feed, which nothing
/// else tells, is in <c>own_incarnation</c> too.
/// </remarks>
internal static class FeedRows
{
    /// <summary>How many commits at the end of a feed may have been dropped since, which replaced ledgers do.</summary>
    private const long MaxDropped = 1_000_000;

    private const string NewRow = "INSERT INTO feeds (region, position, checksum, snapshot, pruned, incarnation, take_over, bytes) VALUES";

    private const string Entries =
        "SELECT position, kind, name, encoded, commits.checksum FROM commits JOIN ledgers ON ledgers.id = commits.ledger";

    private const string CopyOfIncarnation = "SELECT incarnation FROM own_incarnation WHERE id = 1";

    private const string BytesOfCommits =
        "(SELECT coalesce(sum(length(encoded)), 0) FROM commits WHERE commits.region = feeds.region)";

    /// <summary>
    /// Makes the row of the region that the store belongs to, with its first incarnation, and makes rows whole that were
    /// damaged.
    /// </summary>
    /// <returns>The regions whose rows were damaged.</returns>
    public static IReadOnlyList<string> Begin(SqliteSession session, string region)
    {
        // Those of an earlier build have no checksum yet, or one of fewer columns.
        foreach (var unsummed in session.List(row => row.GetString(0), "SELECT region FROM feeds WHERE row_checksum IS NULL"))
            FeedChecksums.Set(session, unsummed);
        var damaged = new SortedSet<string>(FeedChecksums.FindDamaged(session), StringComparer.Ordinal);
        if (RestoreIncarnation(session, region)) damaged.Add(region);
        foreach (var one in FeedChecksums.FindDamaged(session)) Recover(session, one, isOwn: one == region);

        // A row that is gone though the copy is there had its region's name damaged.
        var known = TextOf(session, CopyOfIncarnation);
        var isLost = Ensure(session, region) && known is not null;
        var incarnation = (Ledgers.Incarnation.TryParse(known, out var copy) ? copy : Ledgers.Incarnation.New()).ToString();
        if (session.Execute("UPDATE feeds SET incarnation = $2 WHERE region = $1 AND incarnation = ''", region, incarnation) > 0)
        {
            FeedChecksums.Set(session, region);
            KeepIncarnation(session, incarnation);
        }

        if (isLost && damaged.Add(region)) Recover(session, region, isOwn: true);
        return [.. damaged];
    }

    /// <summary>Makes a region's row where there is none.</summary>
    /// <returns>Whether there was none.</returns>
    public static bool Ensure(SqliteSession session, string region)
    {
        if (session.Execute($"{NewRow} ($1, 0, x'', 0, 0, '', 0, 0) ON CONFLICT DO NOTHING", region) == 0) return false;
        Recount(session, region);
        FeedChecksums.Set(session, region);
        return true;
    }

    /// <summary>The incarnation that a feed's positions belong to.</summary>
    public static Incarnation Incarnation(SqliteSession session, string region)
    {
        using var row = session.Query("SELECT incarnation FROM feeds WHERE region = $1", region);
        return row.Read() ? Ledgers.Incarnation.Parse(row.GetString(0)) : default;
    }

    /// <summary>Whether a feed has the incarnation that a position is of; one that names none is of any.</summary>
    public static bool Has(SqliteSession session, FeedPosition position) =>
        position.Incarnation.IsNone || Incarnation(session, position.Region.ToString()) == position.Incarnation;

    /// <summary>
    /// Begins an incarnation of the region's own feed, with an empty position: whoever follows it needs snapshots of what
    /// was there before.
    /// </summary>
    public static void SetIncarnation(SqliteSession session, string region, Incarnation incarnation)
    {
        FeedChecksums.Keep(session, region, () => session.Execute(
            "UPDATE feeds SET incarnation = $2, pruned = $3, snapshot = $3 WHERE region = $1",
            region, incarnation.ToString(), Head(session, region) + 1));
        KeepIncarnation(session, incarnation.ToString());
    }

    /// <summary>The last position that a feed has had here; 0 for none.</summary>
    public static long Head(SqliteSession session, string region) => Math.Max(
        LastCommit(session, region), session.Number("SELECT max(position, pruned) FROM feeds WHERE region = $1", region) ?? 0);

    /// <summary>A feed's incarnation, and the last position that it has had here; 0 for none.</summary>
    public static (Incarnation Incarnation, long Head) End(SqliteSession session, string region)
    {
        var last = LastCommit(session, region);
        using var row = session.Query("SELECT incarnation, max(position, pruned) FROM feeds WHERE region = $1", region);
        return row.Read() ? (Ledgers.Incarnation.Parse(row.GetString(0)), Math.Max(last, row.GetInt64(1))) : (default, last);
    }

    /// <summary>The position before the first from which on the feed is whole.</summary>
    public static long Pruned(SqliteSession session, string region) =>
        session.Number("SELECT pruned FROM feeds WHERE region = $1", region) ?? 0;

    /// <summary>Entries after a position, one for each position: those that have no commit here are empty.</summary>
    public static IReadOnlyList<FeedEntry> Read(SqliteSession session, string region, long after, int limit)
    {
        after = Math.Max(after, Pruned(session, region));
        var last = Math.Min(Head(session, region), after + limit);
        if (last <= after) return [];
        var kept = session.List(
            Entry, $"{Entries} WHERE region = $1 AND position > $2 AND position <= $3 ORDER BY position", region, after, last);
        return FeedEntry.WithEmptyPlaces(kept, after, last);
    }

    /// <summary>The commit at a position, or null where it is not kept here.</summary>
    public static FeedEntry? Find(SqliteSession session, string region, long position)
    {
        using var row = session.Query($"{Entries} WHERE region = $1 AND position = $2", region, position);
        return row.Read() ? Entry(row) : null;
    }

    /// <summary>How far a feed is applied here.</summary>
    public static FeedCursor Cursor(SqliteSession session, string region)
    {
        using var row = session.Query("SELECT incarnation, position, checksum FROM feeds WHERE region = $1", region);
        return row.Read()
            ? new FeedCursor(Ledgers.Incarnation.Parse(row.GetString(0)), row.GetInt64(1), row.GetBytes(2))
            : FeedCursor.Start;
    }

    /// <summary>Moves the cursor, which goes forward only, and takes its incarnation.</summary>
    public static void MoveCursor(SqliteSession session, string region, FeedCursor cursor)
    {
        Ensure(session, region);
        FeedChecksums.Keep(session, region, () => session.Execute(
            "UPDATE feeds SET incarnation = $2, position = $3, checksum = $4 WHERE region = $1 AND position < $3",
            region, cursor.Incarnation.ToString(), cursor.Position, cursor.Checksum.ToArray()));
    }

    /// <summary>Notes the highest position whose commit was dropped, so that it is not given again.</summary>
    public static void RaisePosition(SqliteSession session, string region, long position)
    {
        Ensure(session, region);
        FeedChecksums.Keep(session, region, () =>
            session.Execute("UPDATE feeds SET position = $2, checksum = x'' WHERE region = $1 AND position < $2", region, position));
    }

    /// <summary>Changes to another incarnation of a feed, of which nothing was followed yet.</summary>
    public static void Reset(SqliteSession session, string region, Incarnation incarnation)
    {
        session.Execute("DELETE FROM commits WHERE region = $1", region);
        FeedChecksums.Keep(session, region, () => session.Execute(
            "UPDATE feeds SET incarnation = $2, position = 0, checksum = x'', snapshot = 0, pruned = 0 WHERE region = $1",
            region, incarnation.ToString()));
    }

    /// <summary>
    /// Gives a feed whose row is damaged one that is safe: its ledgers are to be compared with the region's, and it counts as
    /// pruned up to the last commit that is kept.
    /// </summary>
    /// <remarks>
    /// The incarnation of the region's own feed is restored from its copy; positions are never given again, as far as the commits tell,
    /// and the row's position, where it can be: one far beyond the commits is the damage.
    /// </remarks>
    public static void Recover(SqliteSession session, string region, bool isOwn)
    {
        if (isOwn && RestoreIncarnation(session, region) && !FeedChecksums.IsDamaged(session, region)) return;
        var last = LastCommit(session, region);
        if (isOwn) session.Execute(
            "UPDATE feeds SET position = iif(position BETWEEN $2 AND $2 + $3, position, $2), checksum = x'', snapshot = $2, pruned = $2, "
                + "take_over = 0 WHERE region = $1",
            region, last, MaxDropped);
        else session.Execute(
            "UPDATE feeds SET incarnation = '', position = 0, checksum = x'', snapshot = $2, pruned = $2, take_over = 1 WHERE region = $1",
            region, last);
        FeedChecksums.Set(session, region);
    }

    /// <summary>Notes up to where snapshots cover a feed.</summary>
    public static void RaiseSnapshot(SqliteSession session, string region, long position)
    {
        Ensure(session, region);
        FeedChecksums.Keep(session, region, () => session.Execute(
            "UPDATE feeds SET snapshot = $2 WHERE region = $1 AND snapshot < $2", region, position));
    }

    /// <summary>Notes that ledgers of a region are to be compared with its own because of a topology.</summary>
    public static void RequestTakeOver(SqliteSession session, string region, long topologyVersion)
    {
        Ensure(session, region);
        FeedChecksums.Keep(session, region, () => session.Execute(
            "UPDATE feeds SET take_over = $2 WHERE region = $1", region, topologyVersion));
    }

    /// <summary>Notes that they were compared by a topology; a newer one may ask for it again already.</summary>
    public static void EndTakeOver(SqliteSession session, string region, long topologyVersion) =>
        FeedChecksums.Keep(session, region, () => session.Execute(
            "UPDATE feeds SET take_over = 0 WHERE region = $1 AND take_over <= $2", region, topologyVersion));

    /// <summary>Whether ledgers of a region are to be compared with its own.</summary>
    public static bool IsTakeOverPending(SqliteSession session, string region) =>
        session.Number("SELECT take_over FROM feeds WHERE region = $1", region) > 0;

    /// <summary>Deletes commits after what is pruned already, of which at most so many are looked at.</summary>
    /// <returns>How many were looked at.</returns>
    public static int Prune(SqliteSession session, string region, long keep, long keepBytes, int limit)
    {
        var (pruned, head) = (Pruned(session, region), Head(session, region));
        var excessBytes = (session.Number("SELECT bytes FROM feeds WHERE region = $1", region) ?? 0) - keepBytes;
        if (head - keep <= pruned && excessBytes <= 0) return 0;
        var oldest = session.List(
            row => (Position: row.GetInt64(0), Bytes: row.GetInt64(1)),
            "SELECT position, length(encoded) FROM commits WHERE region = $1 AND position > $2 ORDER BY position LIMIT $3",
            region, pruned, (long)limit);
        var last = Math.Max(pruned, oldest.Count < limit ? head - keep : 0);
        var count = 0;
        foreach (var (position, bytes) in oldest.TakeWhile(row => row.Position <= head - keep || excessBytes > 0))
        {
            (last, excessBytes) = (Math.Max(last, position), excessBytes - bytes);
            count++;
        }

        if (last <= pruned) return 0;
        session.Execute(
            """
            DELETE FROM commits WHERE region = $1 AND position > $2 AND position <= $3
                AND number < (SELECT number FROM ledgers WHERE id = commits.ledger)
            """,
            region, pruned, last);
        RaisePruned(session, region, last);
        return count;
    }

    /// <summary>Notes up to where a feed is not whole.</summary>
    public static void RaisePruned(SqliteSession session, string region, long position)
    {
        Ensure(session, region);
        FeedChecksums.Keep(session, region, () => session.Execute(
            "UPDATE feeds SET pruned = $2 WHERE region = $1 AND pruned < $2", region, position));
    }

    /// <summary>Sets the row of a feed by an archive, before the feed's commits are there.</summary>
    public static void Import(SqliteSession session, ArchiveRecord.OfFeed feed, bool isOwn)
    {
        var (region, incarnation) = (feed.Region.ToString(), feed.Cursor.Incarnation.ToString());
        session.Execute("DELETE FROM feeds WHERE region = $1", region);
        session.Execute(
            $"{NewRow} ($1, $2, $3, $4, $5, $6, $7, 0)",
            region, isOwn ? feed.Head : feed.Cursor.Position, feed.Cursor.Checksum.ToArray(), feed.Snapshot, feed.Pruned, incarnation,
            feed.TakeOver);
        FeedChecksums.Set(session, region);
        if (isOwn) KeepIncarnation(session, incarnation);
    }

    /// <summary>The regions whose rows do not have the size of their commits.</summary>
    public static IReadOnlyList<string> FindMiscounted(SqliteSession session) => session.List(
        row => row.GetString(0), $"SELECT region FROM feeds WHERE bytes <> {BytesOfCommits}");

    /// <summary>Sums up the size of a region's commits again.</summary>
    public static void Recount(SqliteSession session, string region) =>
        session.Execute($"UPDATE feeds SET bytes = {BytesOfCommits} WHERE region = $1", region);

    // A damaged incarnation would be another feed to all who follow it. A row that has its checksum has the right one.
    private static long LastCommit(SqliteSession session, string region) =>
        session.Number("SELECT max(position) FROM commits WHERE region = $1", region) ?? 0;

    private static bool RestoreIncarnation(SqliteSession session, string region)
    {
        var (own, copy) = (TextOf(session, "SELECT incarnation FROM feeds WHERE region = $1", region),
            TextOf(session, CopyOfIncarnation));
        if (own is null || own == copy) return false;
        if (!FeedChecksums.IsDamaged(session, region)) KeepIncarnation(session, own);
        else if (Ledgers.Incarnation.TryParse(copy, out _))
            session.Execute("UPDATE feeds SET incarnation = $2 WHERE region = $1", region, copy);
        return copy is not null; // A database of an earlier build has no copy yet.
    }

    private static void KeepIncarnation(SqliteSession session, string incarnation) => session.Execute(
        "INSERT INTO own_incarnation (id, incarnation) VALUES (1, $1) ON CONFLICT DO UPDATE SET incarnation = excluded.incarnation",
        incarnation);

    private static string? TextOf(SqliteSession session, string query, params ReadOnlySpan<object?> values)
    {
        using var row = session.Query(query, values);
        return row.Read() ? row.GetString(0) : null;
    }

    private static FeedEntry Entry(SqliteStatement row) => new(
        row.GetInt64(0),
        new LedgerId((LedgerKind)row.GetInt64(1), row.GetString(2)),
        row.GetBytes(3),
        row.GetBytes(4));
}
