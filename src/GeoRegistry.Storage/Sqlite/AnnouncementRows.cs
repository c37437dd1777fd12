using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;

namespace GeoRegistry.Storage.Sqlite;

/// <summary>The blobs that the homes of their repositories have yet to hear of, and what this region has heard as a home.</summary>
internal static class AnnouncementRows
{
    private const string All =
        "SELECT id, digest, size, (SELECT name FROM ledgers WHERE ledgers.id = announcements.ledger), "
        + "(SELECT min(id) FROM announcements) FROM announcements WHERE id > $1 ORDER BY id";

    /// <summary>Adds one, instead of an earlier one of the same blob: that its home hears of the later upload is enough.</summary>
    /// <remarks>The row of this region itself in <c>announcements_done</c> has the last id that was given.</remarks>
    public static BlobAnnouncement Add(
        SqliteSession session, string self, long ledger, RepositoryName repository, Digest digest, long sizeBytes, DateTimeOffset now)
    {
        // By the clock, so that it is none of the ids that homes remember of data that was lost here; and above all that are not lost,
        // though the clock was set back.
        var last = Math.Max(
            session.Number("SELECT max(id) FROM announcements") ?? 0,
            session.Number("SELECT before FROM announcements_done WHERE region = $1", self) ?? 0);
        var id = Math.Max(last + 1, (now - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);
        RaiseDone(session, self, id);
        session.Execute("DELETE FROM announcements WHERE ledger = $1 AND digest = $2", ledger, digest.ToKey());
        session.Execute(
            "INSERT INTO announcements (id, ledger, digest, size) VALUES ($1, $2, $3, $4)", id, ledger, digest.ToKey(), sizeBytes);
        return new BlobAnnouncement(repository, digest, sizeBytes, id, session.Number("SELECT min(id) FROM announcements") ?? id);
    }

    /// <returns>Its ledger, and the number of the last deletion that would have removed the link; null where it is not there.</returns>
    public static (long Ledger, long DeletedBy)? Remove(SqliteSession session, long id)
    {
        var found = session.List(
            row => (row.GetInt64(0), row.GetInt64(1)), "DELETE FROM announcements WHERE id = $1 RETURNING ledger, deleted_by", id);
        return found.Count > 0 ? found[0] : null;
    }

    public static long? Find(SqliteSession session, long ledger, Digest digest) =>
        session.Number("SELECT id FROM announcements WHERE ledger = $1 AND digest = $2", ledger, digest.ToKey());

    /// <summary>Records a deletion that left the link of a blob, as its upload may be later.</summary>
    public static void NoteDeletion(SqliteSession session, long ledger, Digest digest, long number) => session.Execute(
        "UPDATE announcements SET deleted_by = max(deleted_by, $3) WHERE ledger = $1 AND digest = $2", ledger, digest.ToKey(), number);

    /// <summary>Records what replaced a ledger: a snapshot of a number, maybe of another history; or nothing, with 0.</summary>
    public static void NoteReplacement(SqliteSession session, long ledger, long number) => session.Execute(
        "UPDATE announcements SET deleted_by = $2 WHERE ledger = $1", ledger, number);

    public static IReadOnlyList<BlobAnnouncement> List(SqliteSession session, long after, int limit) =>
        session.List(Read, $"{All} LIMIT $2", after, (long)limit);

    /// <summary>The ids of rows that cannot be read.</summary>
    public static IReadOnlyList<long> ListUnreadable(SqliteSession session) =>
        session.ListUnreadable(row => row.GetInt64(0), Read, All, 0L);

    /// <returns>
    /// The number of the ledger's head when the announcement was taken, or 0 where that is forgotten, as its region has the answer or
    /// announced the blob anew; null where it was not taken.
    /// </returns>
    public static long? FindTaken(SqliteSession session, string region, long id) =>
        session.Number("SELECT number FROM announcements_taken WHERE region = $1 AND id = $2", region, id)
        ?? session.Number("SELECT 0 FROM announcements_done WHERE region = $1 AND before > $2", region, id);

    public static void Take(SqliteSession session, string region, BlobAnnouncement announcement, long number)
    {
        RaiseDone(session, region, announcement.FirstId);
        session.Execute("DELETE FROM announcements_taken WHERE region = $1 AND id < $2", region, announcement.FirstId);
        session.Execute(
            "INSERT INTO announcements_taken (region, id, number) VALUES ($1, $2, $3)", region, announcement.Id, number);
    }

    private static void RaiseDone(SqliteSession session, string region, long before) => session.Execute(
        "INSERT INTO announcements_done (region, before) VALUES ($1, $2) "
            + "ON CONFLICT DO UPDATE SET before = max(before, excluded.before)",
        region, before);

    private static BlobAnnouncement Read(SqliteStatement row) => new(
        RepositoryName.Parse(row.GetString(3)), DigestKeys.FromKey(row.GetBytes(1)), row.GetInt64(2), row.GetInt64(0),
        row.GetInt64(4));
}
