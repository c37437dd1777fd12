using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;

namespace GeoRegistry.Storage.Sqlite;

/// <summary>Reads and replaces all rows of a ledger.</summary>
internal static class SnapshotRows
{
    /// <summary>What a ledger amounts to, or null without a commit. Its entries are read on the session while they are enumerated.</summary>
    public static LedgerSnapshot? Read(SqliteSession session, LedgerId id)
    {
        var (ledger, head) = LedgerRows.Find(session, id);
        return head.Number > 0 ? new LedgerSnapshot(id, head, Entries(session, ledger)) : null;
    }

    /// <summary>Replaces a ledger, unless it has a later epoch here.</summary>
    public static bool Install(
        SqliteSession session, FeedPosition position, long at, LedgerSnapshot snapshot, IReadOnlyList<MissingBlob> missing)
    {
        var source = position.Region.ToString();
        var (ledger, head) = LedgerRows.Find(session, snapshot.Ledger);
        if (head.Epoch > snapshot.Head.Epoch) return false;
        if (ledger == 0) ledger = LedgerRows.Add(session, snapshot.Ledger);
        else Clear(session, ledger, snapshot.Head.Number);
        LedgerRows.SetHead(session, ledger, snapshot.Head);
        foreach (var entry in snapshot.Entries) Add(session, ledger, snapshot.Head.Number, entry);
        SetAsideRows.Remove(session, snapshot.Ledger);
        FeedRows.RaiseSnapshot(session, source, position.Number);
        HydrationRows.Queue(session, source, position.Number, ledger, at, missing);
        return true;
    }

    /// <summary>Removes a ledger, but for links of blobs that the home has yet to hear of.</summary>
    public static void Remove(SqliteSession session, LedgerId id)
    {
        SetAsideRows.Remove(session, id);
        var (ledger, head) = LedgerRows.Find(session, id);
        if (ledger == 0) return;
        Clear(session, ledger, head.Number + 1);
        LedgerRows.SetHead(session, ledger, LedgerHead.Empty);
    }

    private static IEnumerable<SnapshotEntry> Entries(SqliteSession session, long ledger)
    {
        using (var rows = session.Query("SELECT digest, media_type, content FROM manifests WHERE ledger = $1", ledger))
        {
            while (rows.Read())
            {
                var digest = DigestKeys.FromKey(rows.GetFieldValue<byte[]>(0));
                yield return new SnapshotEntry.OfManifest(ManifestRows.Read(rows.GetFieldValue<byte[]>(2), rows.GetString(1), digest));
            }
        }

        using (var rows = session.Query("SELECT name, digest FROM tags WHERE ledger = $1", ledger))
        {
            while (rows.Read())
                yield return new SnapshotEntry.OfTag(Protocol.Tag.Parse(rows.GetString(0)), DigestKeys.FromKey(rows.GetFieldValue<byte[]>(1)));
        }

        using (var rows = session.Query("SELECT digest, size, committed FROM blob_links WHERE ledger = $1", ledger))
        {
            while (rows.Read()) yield return new SnapshotEntry.OfBlob(DigestKeys.FromKey(rows.GetFieldValue<byte[]>(0)), rows.GetInt64(1), rows.GetInt64(2) == 1);
        }
    }

    private static void Clear(SqliteSession session, long ledger, long number)
    {
        session.Execute("DELETE FROM manifests WHERE ledger = $1", ledger);
        session.Execute("DELETE FROM manifest_references WHERE ledger = $1", ledger);
        session.Execute("DELETE FROM referrers WHERE ledger = $1", ledger);
        session.Execute("DELETE FROM tags WHERE ledger = $1", ledger);
        BlobLinkRows.Clear(session, ledger, number);
        var dropped = session.List(
            row => (Region: row.GetString(0), Position: row.GetInt64(1)), "DELETE FROM commits WHERE ledger = $1 RETURNING region, position", ledger);
        foreach (var feed in dropped.GroupBy(commit => commit.Region, commit => commit.Position))
            FeedRows.RaisePosition(session, feed.Key, feed.Max());
    }

    private static void Add(SqliteSession session, long ledger, long number, SnapshotEntry entry)
    {
        switch (entry)
        {
            case SnapshotEntry.OfManifest put:
                CommitApplication.PutManifest(session, ledger, put.Manifest);
                break;
            case SnapshotEntry.OfTag set:
                CommitApplication.SetTag(session, ledger, set.Tag, set.Digest);
                break;
            case SnapshotEntry.OfBlob { IsCommitted: true } blob:
                BlobLinkRows.Commit(session, ledger, blob.Digest, blob.SizeBytes);
                break;
            case SnapshotEntry.OfBlob blob:
                BlobLinkRows.Upload(session, ledger, blob.Digest, blob.SizeBytes, number);
                break;
            default:
                throw new InvalidOperationException($"{entry.GetType().Name} cannot be installed.");
        }
    }
}
