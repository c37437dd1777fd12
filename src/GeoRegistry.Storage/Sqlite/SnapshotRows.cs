using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Ledgers.Verification;

namespace GeoRegistry.Storage.Sqlite;

/// <summary>Reads and replaces all rows of a ledger.</summary>
internal static class SnapshotRows
{
    /// <summary>
    /// What a ledger amounts to, or null without a commit. Its entries are read on the session while they are enumerated.
    /// </summary>
    /// <remarks>
    /// An entry that cannot be read is an <see cref="InvalidDataException"/>; so is the end of the entries where they do not have the
    /// ledger's checksum: damage must not be copied.
    /// </remarks>
    public static LedgerSnapshot? Read(SqliteSession session, LedgerId id)
    {
        var (ledger, state) = LedgerRows.Find(session, id);
        return state.Head.Number > 0
            ? new LedgerSnapshot(id, state.Head, VerifiedEntries(session, ledger, id, state).ToAsyncEnumerable())
            : null;
    }

    /// <summary>Replaces a ledger, unless it has a later epoch here; or where one is named, the ledger of that head alone.</summary>
    public static bool Install(
        SqliteSession session,
        FeedPosition position,
        long at,
        LedgerSnapshot snapshot,
        IReadOnlyList<MissingBlob> missing,
        LedgerHead? replaced)
    {
        var source = position.Region.ToString();
        var (ledger, (head, _)) = LedgerRows.Find(session, snapshot.Ledger);
        if (replaced is null ? head.Epoch > snapshot.Head.Epoch : !head.Equals(replaced)) return false;
        if (ledger == 0) ledger = LedgerRows.Add(session, snapshot.Ledger);
        else Clear(session, ledger, snapshot.Head.Number);
        AnnouncementRows.NoteReplacement(session, ledger, snapshot.Head.Number);
        var contents = new ContentsChange();

        // On the writer's own thread, which has nothing else to do within a transaction.
        foreach (var entry in snapshot.Entries.ToBlockingEnumerable()) Add(session, ledger, snapshot.Head.Number, entry, contents);
        LedgerRows.ReplaceHead(session, ledger, snapshot.Ledger, snapshot.Head, contents);
        SetAsideRows.Remove(session, snapshot.Ledger);
        FeedRows.RaiseSnapshot(session, source, position.Number);
        HydrationRows.Queue(session, source, position.Number, ledger, at, missing);
        return true;
    }

    /// <summary>Removes a ledger, but for links of blobs that the home has yet to hear of.</summary>
    public static void Remove(SqliteSession session, LedgerId id)
    {
        SetAsideRows.Remove(session, id);
        var (ledger, (head, _)) = LedgerRows.Find(session, id);
        if (ledger == 0) return;
        Clear(session, ledger, head.Number + 1);
        AnnouncementRows.NoteReplacement(session, ledger, 0);
        LedgerRows.ReplaceHead(session, ledger, id, LedgerHead.Empty, new ContentsChange());
    }

    private static IEnumerable<SnapshotEntry> VerifiedEntries(SqliteSession session, long ledger, LedgerId id, LedgerState state)
    {
        var sum = ContentsChecksum.OfHead(id, state.Head);
        using var entries = Entries(session, ledger).GetEnumerator();
        while (Next(entries, id) is { } entry)
        {
            sum += ContentsChecksum.Of(entry);
            yield return entry;
        }

        if (state.Contents is { } stored && stored != sum)
            throw new InvalidDataException($"The {id} is damaged in this region: its contents do not match their checksum.");
    }

    private static SnapshotEntry? Next(IEnumerator<SnapshotEntry> entries, LedgerId id)
    {
        try
        {
            return entries.MoveNext() ? entries.Current : null;
        }
        catch (Exception e) when (StoreFaults.IsDamage(e))
        {
            throw new InvalidDataException($"The {id} is damaged in this region: {e.Message}", e);
        }
    }

    private static IEnumerable<SnapshotEntry> Entries(SqliteSession session, long ledger)
    {
        using (var rows = session.Query("SELECT digest, media_type, content FROM manifests WHERE ledger = $1", ledger))
        {
            while (rows.Read())
            {
                var digest = DigestKeys.FromKey(rows.GetBytes(0));
                yield return new SnapshotEntry.OfManifest(StoredManifest.Read(rows.GetBytes(2), rows.GetString(1), digest));
            }
        }

        using (var rows = session.Query("SELECT name, digest FROM tags WHERE ledger = $1", ledger))
        {
            while (rows.Read())
                yield return new SnapshotEntry.OfTag(
                    Protocol.Tag.Parse(rows.GetString(0)), DigestKeys.FromKey(rows.GetBytes(1)));
        }

        using (var rows = session.Query("SELECT digest, size, committed FROM blob_links WHERE ledger = $1", ledger))
        {
            while (rows.Read())
                yield return new SnapshotEntry.OfBlob(
                    DigestKeys.FromKey(rows.GetBytes(0)), rows.GetInt64(1), rows.GetInt64(2) == 1);
        }
    }

    private static void Clear(SqliteSession session, long ledger, long number)
    {
        session.Execute("DELETE FROM manifests WHERE ledger = $1", ledger);
        session.Execute("DELETE FROM manifest_references WHERE ledger = $1", ledger);
        session.Execute("DELETE FROM referrers WHERE ledger = $1", ledger);
        session.Execute("DELETE FROM tags WHERE ledger = $1", ledger);
        BlobLinkRows.Clear(session, ledger, number);
        CommitRows.Drop(session, ledger);
    }

    private static void Add(SqliteSession session, long ledger, long number, SnapshotEntry entry, ContentsChange contents)
    {
        switch (entry)
        {
            case SnapshotEntry.OfManifest put:
                CommitApplication.PutManifest(session, ledger, put.Manifest, contents);
                break;
            case SnapshotEntry.OfTag set:
                CommitApplication.SetTag(session, ledger, set.Tag, set.Digest, contents);
                break;
            case SnapshotEntry.OfBlob { IsCommitted: true } blob:
                BlobLinkRows.Commit(session, ledger, blob.Digest, blob.SizeBytes, contents);
                break;
            case SnapshotEntry.OfBlob blob:
                BlobLinkRows.Upload(session, ledger, blob.Digest, blob.SizeBytes, number);
                break;
            default:
                throw new InvalidOperationException($"{entry.GetType().Name} cannot be installed.");
        }
    }
}
