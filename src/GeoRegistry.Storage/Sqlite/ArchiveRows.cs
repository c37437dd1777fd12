using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Archives;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;

namespace GeoRegistry.Storage.Sqlite;

/// <summary>Reads all rows of the database as the records of an archive, in an order that every store has.</summary>
internal static class ArchiveRows
{
    /// <summary>The records, read as they are enumerated, on a session that shows one moment.</summary>
    public static IEnumerable<ArchiveRecord> Read(SqliteSession session, RegionId self, DateTimeOffset at)
    {
        yield return new ArchiveRecord.OfHeader(self, FeedRows.Incarnation(session, self.ToString()), at);
        yield return new ArchiveRecord.OfRegion(RegionRecordRows.Read(session));
        foreach (var feed in session.List(Feed, "SELECT region, incarnation, position, checksum, snapshot, pruned, take_over FROM feeds "
            + "ORDER BY region"))
        {
            var head = FeedRows.Head(session, feed.Region.ToString());
            yield return feed with { Head = head, Cursor = feed.Region == self ? OwnCursor(feed.Cursor) : feed.Cursor };
        }

        foreach (var done in Rows(session, row => new ArchiveRecord.OfAnnouncementsDone(RegionId.Parse(row.GetString(0)), row.GetInt64(1)),
            "SELECT region, before FROM announcements_done ORDER BY region")) yield return done;
        foreach (var taken in Rows(
            session,
            row => new ArchiveRecord.OfAnnouncementTaken(RegionId.Parse(row.GetString(0)), row.GetInt64(1), row.GetInt64(2)),
            "SELECT region, id, number FROM announcements_taken ORDER BY region, id")) yield return taken;
        foreach (var aside in SetAsideRows.List(session).OrderBy(aside => aside.Ledger.Name, StringComparer.Ordinal))
            yield return new ArchiveRecord.OfSetAside(aside);
        using (var ledgers = session.Query(
            "SELECT id, epoch, number, checksum, contents, kind, name FROM ledgers ORDER BY kind, name"))
        {
            while (ledgers.Read())
            {
                var (ledger, state) = (ledgers.GetInt64(0), LedgerRows.State(ledgers, 1));
                yield return new ArchiveRecord.OfLedger(
                    new LedgerId((LedgerKind)ledgers.GetInt64(5), ledgers.GetString(6)), state.Head) { Contents = state.Contents };
                foreach (var record in OfLedger(session, ledger)) yield return record;
            }
        }

        foreach (var awaited in Rows(session, Awaited,
            """
            SELECT digest, size, origin, source, position, kind, name, at FROM hydration
            JOIN hydration_waits ON blob = hydration.id JOIN ledgers ON ledgers.id = hydration_waits.ledger
            JOIN hydration_commits USING (source, position) WHERE hydration_commits.ledger = hydration_waits.ledger
            ORDER BY hydration.id, source, position, name
            """)) yield return awaited;
    }

    private static IEnumerable<ArchiveRecord> OfLedger(SqliteSession session, long ledger)
    {
        foreach (var blob in Rows(
            session,
            row => new ArchiveRecord.OfBlob(
                DigestKeys.FromKey(row.GetBytes(0)), row.GetInt64(1), row.GetInt64(2) == 1, row.IsDBNull(3) ? null : row.GetInt64(3)),
            "SELECT digest, size, committed, uploaded FROM blob_links WHERE ledger = $1 ORDER BY digest", ledger)) yield return blob;
        foreach (var manifest in Rows(
            session,
            row => new ArchiveRecord.OfManifest(
                StoredManifest.Read(row.GetBytes(2), row.GetString(1), DigestKeys.FromKey(row.GetBytes(0)))),
            "SELECT digest, media_type, content FROM manifests WHERE ledger = $1 ORDER BY digest", ledger)) yield return manifest;
        foreach (var tag in Rows(
            session,
            row => new ArchiveRecord.OfTag(Tag.Parse(row.GetString(0)), DigestKeys.FromKey(row.GetBytes(1))),
            "SELECT name, digest FROM tags WHERE ledger = $1 ORDER BY name", ledger)) yield return tag;
        foreach (var commit in Rows(
            session,
            row => new ArchiveRecord.OfCommit(
                RegionId.Parse(row.GetString(0)), row.GetInt64(1), row.GetInt64(2), row.GetBytes(3), row.GetBytes(4)),
            "SELECT region, position, number, checksum, encoded FROM commits WHERE ledger = $1 ORDER BY number",
            ledger)) yield return commit;
        foreach (var announcement in Rows(
            session,
            row => new ArchiveRecord.OfAnnouncement(
                row.GetInt64(0), DigestKeys.FromKey(row.GetBytes(1)), row.GetInt64(2), row.GetInt64(3)),
            "SELECT id, digest, size, deleted_by FROM announcements WHERE ledger = $1 ORDER BY id", ledger)) yield return announcement;
    }

    // Of the region's own feed, the position is one of this store's ways to keep the head.
    private static FeedCursor OwnCursor(FeedCursor cursor) => new(cursor.Incarnation, 0, default);

    private static ArchiveRecord.OfFeed Feed(SqliteStatement row) => new(
        RegionId.Parse(row.GetString(0)), 0, new FeedCursor(Incarnation.Parse(row.GetString(1)), row.GetInt64(2), row.GetBytes(3)),
        row.GetInt64(4), row.GetInt64(5), row.GetInt64(6));

    private static ArchiveRecord.OfAwaitedBlob Awaited(SqliteStatement row) => new(
        new MissingBlob(DigestKeys.FromKey(row.GetBytes(0)), row.GetInt64(1), RegionId.Parse(row.GetString(2))),
        RegionId.Parse(row.GetString(3)), row.GetInt64(4), new LedgerId((LedgerKind)row.GetInt64(5), row.GetString(6)), row.GetInt64(7));

    private static IEnumerable<T> Rows<T>(
        SqliteSession session, Func<SqliteStatement, T> read, string sql, params object?[] values)
    {
        using var rows = session.Query(sql, values);
        while (rows.Read()) yield return read(rows);
    }
}
