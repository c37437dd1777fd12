using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Archives;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Ledgers.Verification;
using GeoRegistry.Protocol.Manifests;
using GeoRegistry.Storage.PostgreSql.Connections;
using GeoRegistry.Storage.PostgreSql.Replicas;
using GeoRegistry.Storage.PostgreSql.Writes;
using Npgsql;
using NpgsqlTypes;

namespace GeoRegistry.Storage.PostgreSql.Archives;

/// <summary>Puts the records of an archive into an empty database, in one transaction that is the caller's.</summary>
/// <remarks>It gives the ledgers their ids itself, so that rows of many ledgers go to the database at once.</remarks>
internal sealed class ArchiveImport(NpgsqlConnection connection, RegionId self)
{
    /// <summary>How many records, or bytes of them, go to the database at once.</summary>
    private const int RecordsInBatch = 1000, BytesInBatch = 4 * 1024 * 1024;

    private readonly List<(long Row, ArchiveRecord.OfLedger Ledger, ContentsChecksum Contents)> _ledgers = [];
    private readonly List<(long Ledger, ArchiveRecord.OfBlob Blob)> _blobs = [];
    private readonly List<(long Ledger, Manifest Manifest)> _manifests = [];
    private readonly List<(long Ledger, string Name, byte[] Digest)> _tags = [];
    private readonly List<(long Ledger, ArchiveRecord.OfCommit Commit)> _commits = [];
    private readonly List<Action<StatementBatch>> _others = [];
    private ArchiveRecord.OfLedger? _ledger;
    private ContentsChecksum _contents;
    private long _row;
    private int _records, _bytes;

    /// <summary>Whether the database has nothing but the region's own empty feed.</summary>
    public static async Task<bool> IsEmptyAsync(NpgsqlConnection connection, RegionId self, CancellationToken cancellation)
    {
        var found = await connection.ListAsync(
            row => row.GetBoolean(0),
            """
            SELECT EXISTS (SELECT 1 FROM ledgers) OR EXISTS (SELECT 1 FROM commits)
                OR EXISTS (SELECT 1 FROM feeds WHERE region <> $1 OR greatest(head, position, pruned, snapshot) > 0)
                OR EXISTS (SELECT 1 FROM region_record WHERE topology <> '')
            """,
            [self.ToString()], cancellation).ConfigureAwait(false);
        return !found[0];
    }

    /// <summary>Takes all records.</summary>
    public async Task RunAsync(IAsyncEnumerable<ArchiveRecord> records, CancellationToken cancellation)
    {
        await foreach (var record in records.WithCancellation(cancellation).ConfigureAwait(false))
        {
            Add(record);
            if (++_records >= RecordsInBatch || _bytes >= BytesInBatch) await FlushAsync(cancellation).ConfigureAwait(false);
        }

        EndLedger();
        _others.Add(static batch => batch.Call(
            "SELECT setval(pg_get_serial_sequence('ledgers', 'id'), greatest((SELECT max(id) FROM ledgers), 1))"));
        _others.Add(static batch => batch.Execute(
            """
            UPDATE feeds SET bytes = kept.bytes FROM (
                SELECT region, sum(octet_length(encoded)) AS bytes FROM commits GROUP BY region) AS kept
            WHERE kept.region = feeds.region
            """));
        await FlushAsync(cancellation).ConfigureAwait(false);
    }

    private void Add(ArchiveRecord record)
    {
        switch (record)
        {
            case ArchiveRecord.OfHeader(var region, _, _):
                ArchiveFaults.ThrowUnlessOf(region, self);
                break;
            case ArchiveRecord.OfRegion(var region):
                _others.Add(batch => batch.Execute(
                    "UPDATE region_record SET topology = $1, longest_lease = $2, shown_through = $3",
                    region.Topology.ToArray(), (long)region.LongestLease.TotalMilliseconds, region.ShownThrough));
                break;
            case ArchiveRecord.OfFeed feed:
                _others.Add(batch => Add(batch, feed));
                break;
            case ArchiveRecord.OfAnnouncementsDone(var region, var before):
                _others.Add(batch => batch.Execute(
                    "INSERT INTO announcements_done (region, before) VALUES ($1, $2)", region.ToString(), before));
                break;
            case ArchiveRecord.OfAnnouncementTaken(var region, var id, var number):
                _others.Add(batch => batch.Execute(
                    "INSERT INTO announcements_taken (region, id, number) VALUES ($1, $2, $3)", region.ToString(), id, number));
                break;
            case ArchiveRecord.OfSetAside(var aside):
                _others.Add(batch => batch.Execute(
                    "INSERT INTO ledgers_set_aside (kind, name, source, reason, attempts, not_before) VALUES ($1, $2, $3, $4, $5, $6)",
                    LedgerRows.Values(
                        aside.Ledger, aside.Source.ToString(), aside.Reason, aside.Attempts, aside.NotBefore.ToUnixTimeMilliseconds())));
                break;
            case ArchiveRecord.OfLedger ledger:
                EndLedger();
                (_ledger, _row, _contents) = (ledger, _row + 1, ContentsChecksum.OfHead(ledger.Ledger, ledger.Head));
                break;
            case ArchiveRecord.OfAwaitedBlob(var blob, var source, var position, var ledger, var at):
                EndLedger();
                _others.Add(batch => batch.Call(
                    $"SELECT hydration_queue($3, $4, {LedgerRows.Id}, $5, $6, $7, $8)",
                    LedgerRows.Values(ledger, [source.ToString(), position, at, .. HydrationRows.Columns([blob])])));
                break;
            default:
                AddToLedger(record);
                break;
        }
    }

    private void AddToLedger(ArchiveRecord record)
    {
        if (_ledger is null) throw ArchiveFaults.OutOfOrder(record);
        _contents += ContentsChecksum.Of(record);
        var row = _row;
        switch (record)
        {
            case ArchiveRecord.OfBlob blob:
                _blobs.Add((row, blob));
                break;
            case ArchiveRecord.OfManifest(var manifest):
                _manifests.Add((row, manifest));
                _bytes += manifest.Content.Length;
                break;
            case ArchiveRecord.OfTag(var tag, var digest):
                _tags.Add((row, tag.ToString(), digest.ToKey()));
                break;
            case ArchiveRecord.OfCommit commit:
                _commits.Add((row, commit));
                _bytes += commit.Encoded.Length;
                break;
            case ArchiveRecord.OfAnnouncement(var id, var digest, var sizeBytes, var deletedBy):
                _others.Add(batch => batch.Execute(
                    "INSERT INTO announcements (id, ledger, digest, size, deleted_by) VALUES ($1, $2, $3, $4, $5)",
                    id, row, digest.ToKey(), sizeBytes, deletedBy));
                break;
            default:
                throw new InvalidOperationException($"{record.GetType().Name} cannot be imported.");
        }
    }

    private void EndLedger()
    {
        if (_ledger is { } ended) _ledgers.Add((_row, ended, _contents));
        _ledger = null;
    }

    private async Task FlushAsync(CancellationToken cancellation)
    {
        var batch = new StatementBatch(connection);
        await using (batch.ConfigureAwait(false))
        {
            AddLedgers(batch);
            AddBlobs(batch);
            RowChanges.AddManifests(batch, _manifests);
            RowChanges.SetTags(batch, _tags);
            AddCommits(batch);
            foreach (var add in _others) add(batch);
            if (!batch.IsEmpty) await batch.RunAsync(cancellation).ConfigureAwait(false);
        }

        _ledgers.Clear();
        _blobs.Clear();
        _manifests.Clear();
        _tags.Clear();
        _commits.Clear();
        _others.Clear();
        (_records, _bytes) = (0, 0);
    }

    private static void Add(StatementBatch batch, ArchiveRecord.OfFeed feed) => batch.Execute(
        """
        INSERT INTO feeds (region, incarnation, head, position, checksum, snapshot, pruned, take_over)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (region) DO UPDATE SET incarnation = excluded.incarnation, head = excluded.head, position = excluded.position,
            checksum = excluded.checksum, snapshot = excluded.snapshot, pruned = excluded.pruned, take_over = excluded.take_over
        """,
        feed.Region.ToString(), feed.Cursor.Incarnation.ToString(), feed.Head, feed.Cursor.Position, feed.Cursor.Checksum.ToArray(),
        feed.Snapshot, feed.Pruned, feed.TakeOver);

    private void AddLedgers(StatementBatch batch)
    {
        if (_ledgers.Count > 0) batch.Execute(
            "INSERT INTO ledgers (id, kind, name, epoch, number, checksum, contents) SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7)",
            _ledgers.ConvertAll(one => one.Row), _ledgers.ConvertAll(one => (short)one.Ledger.Ledger.Kind),
            _ledgers.ConvertAll(one => one.Ledger.Ledger.Name), _ledgers.ConvertAll(one => one.Ledger.Head.Epoch),
            _ledgers.ConvertAll(one => one.Ledger.Head.Number), _ledgers.ConvertAll(one => one.Ledger.Head.Checksum.ToArray()),
            _ledgers.ConvertAll(one => one.Contents.ToBytes()));
    }

    private void AddBlobs(StatementBatch batch)
    {
        if (_blobs.Count > 0) batch.Execute(
            "INSERT INTO blob_links (ledger, digest, size, committed, uploaded) SELECT * FROM unnest($1, $2, $3, $4, $5)",
            _blobs.ConvertAll(one => one.Ledger), _blobs.ConvertAll(one => one.Blob.Digest.ToKey()),
            _blobs.ConvertAll(one => one.Blob.SizeBytes), _blobs.ConvertAll(one => one.Blob.IsCommitted),
            new NpgsqlParameter<long?[]>
            {
                TypedValue = [.. _blobs.Select(one => one.Blob.Uploaded)], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint,
            });
    }

    private void AddCommits(StatementBatch batch)
    {
        if (_commits.Count > 0) batch.Execute(
            "INSERT INTO commits (ledger, region, position, number, checksum, encoded, write_id) "
                + "SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7)",
            _commits.ConvertAll(one => one.Ledger), _commits.ConvertAll(one => one.Commit.Region.ToString()),
            _commits.ConvertAll(one => one.Commit.Position), _commits.ConvertAll(one => one.Commit.Number),
            _commits.ConvertAll(one => one.Commit.Checksum.ToArray()), _commits.ConvertAll(one => one.Commit.Encoded.ToArray()),
            CommitRows.WriteIds(_commits.Select(one => CommitCodec.Decode(one.Commit.Encoded))));
    }
}
