using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Ledgers.Verification;
using GeoRegistry.Protocol;

namespace GeoRegistry.Storage.Sqlite;

/// <summary>
/// Which repositories have a blob, and how that is known: <c>committed</c> by a commit, or <c>uploaded</c> while the
/// ledger's head had a number.
/// </summary>
/// <remarks>
/// A deletion removes an upload's link only if it came later. An upload that the home has yet to hear of (a row in
/// <c>announcements</c>) has no place in the ledger's order until the home says it, so nothing removes its link before.
/// </remarks>
internal static class BlobLinkRows
{
    private const string IsAnnounced =
        "EXISTS (SELECT 1 FROM announcements "
        + "WHERE announcements.ledger = blob_links.ledger AND announcements.digest = blob_links.digest)";

    /// <summary>Records what a commit says.</summary>
    public static void Commit(SqliteSession session, long ledger, Digest digest, long sizeBytes, ContentsChange change)
    {
        var key = digest.ToKey();
        var changed = session.Execute(
            """
            INSERT INTO blob_links (digest, ledger, size, committed) VALUES ($1, $2, $3, 1)
            ON CONFLICT DO UPDATE SET committed = 1, size = excluded.size WHERE committed = 0
            """,
            key, ledger, sizeBytes);
        if (changed > 0) change.Add(ContentsChecksum.OfBlobLink(key, sizeBytes));
    }

    /// <summary>Records an upload.</summary>
    /// <param name="session">The writer's.</param>
    /// <param name="ledger">The repository's ledger.</param>
    /// <param name="digest">The blob.</param>
    /// <param name="sizeBytes">Its size.</param>
    /// <param name="number">The number of the ledger's head.</param>
    public static void Upload(SqliteSession session, long ledger, Digest digest, long sizeBytes, long number) =>
        session.Execute(
            """
            INSERT INTO blob_links (digest, ledger, size, committed, uploaded) VALUES ($1, $2, $3, 0, $4)
            ON CONFLICT DO UPDATE SET uploaded = excluded.uploaded WHERE uploaded IS NULL OR uploaded < excluded.uploaded
            """,
            digest.ToKey(), ledger, sizeBytes, number);

    /// <summary>Carries out a deletion by the commit of a number.</summary>
    public static void Delete(SqliteSession session, long ledger, Digest digest, long number, ContentsChange change)
    {
        if (session.Number(
            "SELECT size FROM blob_links WHERE digest = $1 AND ledger = $2 AND committed = 1",
            digest.ToKey(), ledger) is { } sizeBytes)
            change.Remove(ContentsChecksum.OfBlobLink(digest.ToKey(), sizeBytes));
        var kept = session.Execute(
            "UPDATE blob_links SET committed = 0 "
                + $"WHERE digest = $1 AND ledger = $2 AND uploaded IS NOT NULL AND (uploaded >= $3 OR {IsAnnounced})",
            digest.ToKey(), ledger, number);
        if (kept == 0) session.Execute("DELETE FROM blob_links WHERE digest = $1 AND ledger = $2", digest.ToKey(), ledger);
        else AnnouncementRows.NoteDeletion(session, ledger, digest, number);
    }

    /// <summary>Removes what a snapshot of a number replaces.</summary>
    public static void Clear(SqliteSession session, long ledger, long number)
    {
        session.Execute(
            $"DELETE FROM blob_links WHERE ledger = $1 AND (uploaded IS NULL OR uploaded < $2) AND NOT {IsAnnounced}", ledger, number);
        session.Execute("UPDATE blob_links SET committed = 0 WHERE ledger = $1", ledger);
    }

    /// <summary>Records that the home has linked an upload while its head had a number; null where this region is the home.</summary>
    /// <param name="session">The writer's.</param>
    /// <param name="ledger">The repository's ledger.</param>
    /// <param name="digest">The blob.</param>
    /// <param name="number">The number.</param>
    /// <param name="deletedBy">The number of the last deletion or snapshot that left the link meanwhile; 0 without one.</param>
    public static void Confirm(SqliteSession session, long ledger, Digest digest, long? number, long deletedBy)
    {
        if (number < deletedBy)
            session.Execute(
                "DELETE FROM blob_links WHERE digest = $1 AND ledger = $2 AND committed = 0 AND (uploaded IS NULL OR uploaded < $3)",
                digest.ToKey(), ledger, deletedBy);
        session.Execute(
            "UPDATE blob_links SET uploaded = $3 WHERE digest = $1 AND ledger = $2 AND (uploaded IS NULL OR uploaded < $3)",
            digest.ToKey(), ledger, number);
    }
}
