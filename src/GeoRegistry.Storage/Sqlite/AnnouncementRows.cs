using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using Microsoft.Data.Sqlite;

namespace GeoRegistry.Storage.Sqlite;

/// <summary>The blobs that the homes of their repositories have yet to hear of.</summary>
internal static class AnnouncementRows
{
    private const string All =
        "SELECT ledger, digest, size, (SELECT name FROM ledgers WHERE ledgers.id = announcements.ledger) FROM announcements "
        + "WHERE ledger > 0";

    public static void Add(SqliteSession session, long ledger, Digest digest, long sizeBytes) => session.Execute(
        "INSERT OR IGNORE INTO announcements (ledger, digest, size) VALUES ($1, $2, $3)", ledger, digest.ToKey(), sizeBytes);

    public static void Remove(SqliteSession session, (long Ledger, byte[] Digest) key) =>
        session.Execute("DELETE FROM announcements WHERE ledger = $1 AND digest = $2", key.Ledger, key.Digest);

    public static IReadOnlyList<BlobAnnouncement> List(SqliteSession session, int limit) =>
        session.List(Read, $"{All} LIMIT $1", (long)limit);

    /// <summary>The keys of rows that cannot be read.</summary>
    public static IReadOnlyList<(long Ledger, byte[] Digest)> ListUnreadable(SqliteSession session) =>
        session.ListUnreadable(row => (row.GetInt64(0), row.GetFieldValue<byte[]>(1)), Read, All);

    private static BlobAnnouncement Read(SqliteDataReader row) =>
        new(RepositoryName.Parse(row.GetString(3)), DigestKeys.FromKey(row.GetFieldValue<byte[]>(1)), row.GetInt64(2));
}
