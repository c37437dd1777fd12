using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Archives;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Ledgers.Verification;

namespace GeoRegistry.Storage.Sqlite;

/// <summary>Puts the records of an archive into an empty database, within the caller's transaction.</summary>
internal sealed class ArchiveImport(SqliteSession session, RegionId self)
{
    private ContentsChange _contents = new();
    private ArchiveRecord.OfLedger? _ledger;
    private long _row;

    /// <summary>Whether the database has nothing but the region's own empty feed.</summary>
    public static bool IsEmpty(SqliteSession session, RegionId self) =>
        session.Number("SELECT 1 FROM ledgers LIMIT 1") is null
        && session.Number("SELECT 1 FROM commits LIMIT 1") is null
        && session.Number("SELECT 1 FROM feeds WHERE region <> $1 OR max(position, pruned, snapshot) > 0", self.ToString()) is null
        && RegionRecordRows.Read(session).Topology.IsEmpty;

    /// <summary>Takes a record.</summary>
    public void Add(ArchiveRecord record)
    {
        switch (record)
        {
            case ArchiveRecord.OfHeader(var region, _, _):
                ArchiveFaults.ThrowUnlessOf(region, self);
                break;
            case ArchiveRecord.OfRegion(var region):
                RegionRecordRows.Change(session, _ => region);
                break;
            case ArchiveRecord.OfFeed feed:
                FeedRows.Import(session, feed, isOwn: feed.Region == self);
                break;
            case ArchiveRecord.OfAnnouncementsDone(var region, var before):
                session.Execute("INSERT INTO announcements_done (region, before) VALUES ($1, $2)", region.ToString(), before);
                break;
            case ArchiveRecord.OfAnnouncementTaken(var region, var id, var number):
                session.Execute(
                    "INSERT INTO announcements_taken (region, id, number) VALUES ($1, $2, $3)", region.ToString(), id, number);
                break;
            case ArchiveRecord.OfSetAside(var aside):
                session.Execute(
                    "INSERT INTO ledgers_set_aside (kind, name, source, reason, attempts, not_before) VALUES ($1, $2, $3, $4, $5, $6)",
                    (long)aside.Ledger.Kind, aside.Ledger.Name, aside.Source.ToString(), aside.Reason, (long)aside.Attempts,
                    aside.NotBefore.ToUnixTimeMilliseconds());
                break;
            case ArchiveRecord.OfLedger ledger:
                EndLedger();
                (_ledger, _row, _contents) = (ledger, LedgerRows.Add(session, ledger.Ledger), new ContentsChange());
                break;
            case ArchiveRecord.OfAwaitedBlob(var blob, var source, var position, var ledger, var at):
                EndLedger();
                HydrationRows.Queue(session, source.ToString(), position, LedgerRows.Find(session, ledger).Ledger, at, [blob]);
                break;
            default:
                AddToLedger(record);
                break;
        }
    }

    /// <summary>Takes the last ledger as whole.</summary>
    public void End() => EndLedger();

    private void AddToLedger(ArchiveRecord record)
    {
        if (_ledger is null) throw ArchiveFaults.OutOfOrder(record);
        switch (record)
        {
            case ArchiveRecord.OfBlob blob:
                session.Execute(
                    "INSERT INTO blob_links (digest, ledger, size, committed, uploaded) VALUES ($1, $2, $3, $4, $5)",
                    blob.Digest.ToKey(), _row, blob.SizeBytes, blob.IsCommitted ? 1L : 0L, blob.Uploaded);
                if (blob.IsCommitted) _contents.Add(ContentsChecksum.OfBlobLink(blob.Digest.ToKey(), blob.SizeBytes));
                break;
            case ArchiveRecord.OfManifest(var manifest):
                CommitApplication.PutManifest(session, _row, manifest, _contents);
                break;
            case ArchiveRecord.OfTag(var tag, var digest):
                CommitApplication.SetTag(session, _row, tag, digest, _contents);
                break;
            case ArchiveRecord.OfCommit commit:
                AddCommit(commit);
                break;
            case ArchiveRecord.OfAnnouncement(var id, var digest, var sizeBytes, var deletedBy):
                session.Execute(
                    "INSERT INTO announcements (id, ledger, digest, size, deleted_by) VALUES ($1, $2, $3, $4, $5)",
                    id, _row, digest.ToKey(), sizeBytes, deletedBy);
                break;
            default:
                throw new InvalidOperationException($"{record.GetType().Name} cannot be imported.");
        }
    }

    private void AddCommit(ArchiveRecord.OfCommit commit)
    {
        var (region, checksum, encoded) = (commit.Region.ToString(), commit.Checksum.ToArray(), commit.Encoded.ToArray());
        var write = CommitCodec.Decode(encoded).Write;
        var id = write.IsNone ? null : write.ToBytes();
        FeedRows.Ensure(session, region);
        session.Execute(
            "INSERT INTO commits (region, position, ledger, number, checksum, encoded, write_id, row_checksum) "
                + "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            region, commit.Position, _row, commit.Number, checksum, encoded, id,
            CommitRows.ChecksumOf(region, commit.Position, _row, commit.Number, checksum, encoded, id));
    }

    private void EndLedger()
    {
        if (_ledger is { } ended) LedgerRows.ReplaceHead(session, _row, ended.Ledger, ended.Head, _contents);
        _ledger = null;
    }
}
