using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Ledgers.Verification;
using GeoRegistry.Protocol.Manifests;
using GeoRegistry.Storage.PostgreSql.Connections;
using GeoRegistry.Storage.PostgreSql.Writes;
using Npgsql;

namespace GeoRegistry.Storage.PostgreSql.Replicas;

/// <summary>Replaces all rows of a ledger, in one transaction that is the caller's.</summary>
internal sealed class SnapshotInstallation(NpgsqlConnection connection)
{
    /// <summary>How many entries go to the database at once.</summary>
    private const int EntriesInBatch = 500;

    /// <summary>How many blobs are queued at once.</summary>
    private const int MissingInBatch = 1000;

    private const string Begin =
        """
        INSERT INTO ledgers (kind, name) SELECT $1, $2
        WHERE NOT EXISTS (SELECT 1 FROM ledgers WHERE kind = $1 AND name = $2) ON CONFLICT DO NOTHING
        """;

    private const string Current = "SELECT id, epoch, number, checksum FROM ledgers WHERE kind = $1 AND name = $2 FOR UPDATE";

    private readonly List<Manifest> _manifests = [];
    private readonly List<SnapshotEntry.OfTag> _tags = [];
    private readonly List<SnapshotEntry.OfBlob> _blobs = [];
    private ContentsChecksum _contents;

    /// <summary>Installs a snapshot, unless the ledger has a later epoch here; or where one is named, only over that head.</summary>
    public async Task<bool> InstallAsync(
        FeedPosition position, long at, LedgerSnapshot snapshot, IReadOnlyList<MissingBlob> missing, LedgerHead? replaced,
        CancellationToken cancellation)
    {
        var (ledger, head) = await LockAsync(snapshot.Ledger).ConfigureAwait(false);
        if (replaced is null ? head.Epoch > snapshot.Head.Epoch : !head.Equals(replaced)) return false;
        await ClearAsync(ledger, snapshot.Head.Number, snapshot.Head.Number).ConfigureAwait(false);
        await foreach (var entry in snapshot.Entries.WithCancellation(cancellation).ConfigureAwait(false))
        {
            Add(entry);
            if (_manifests.Count + _tags.Count + _blobs.Count >= EntriesInBatch)
                await FlushAsync(ledger, snapshot.Head.Number).ConfigureAwait(false);
        }

        await FlushAsync(ledger, snapshot.Head.Number).ConfigureAwait(false);
        await EndAsync(ledger, snapshot.Ledger, snapshot.Head).ConfigureAwait(false);
        foreach (var some in missing.Chunk(MissingInBatch))
            await RunAsync(batch => HydrationRows.Queue(batch, position.Region, position.Number, ledger, at, some)).ConfigureAwait(false);
        await RunAsync(batch => RaiseSnapshot(batch, position)).ConfigureAwait(false);
        return true;
    }

    /// <summary>Removes a ledger, but for links of blobs that the home has yet to hear of.</summary>
    public async Task RemoveAsync(LedgerId id)
    {
        var (ledger, head) = await LockAsync(id).ConfigureAwait(false);
        await ClearAsync(ledger, head.Number + 1, replacedBy: 0).ConfigureAwait(false);
        await EndAsync(ledger, id, LedgerHead.Empty).ConfigureAwait(false);
    }

    /// <summary>Notes up to where snapshots cover a feed.</summary>
    public static void RaiseSnapshot(StatementBatch batch, FeedPosition position) => batch.Execute(
        """
        INSERT INTO feeds (region, snapshot) VALUES ($1, $2)
        ON CONFLICT (region) DO UPDATE SET snapshot = greatest(feeds.snapshot, excluded.snapshot)
        """,
        position.Region.ToString(), position.Number);

    private async Task<(long Ledger, LedgerHead Head)> LockAsync(LedgerId id)
    {
        var (ledger, head) = (0L, LedgerHead.Empty);
        await RunAsync(batch =>
        {
            batch.Execute(Begin, LedgerRows.Values(id));
            batch.Read(Current, row => (ledger, head) = (row.GetInt64(0), LedgerRows.Head(row, 1)), LedgerRows.Values(id));
        }).ConfigureAwait(false);
        return (ledger, head);
    }

    private Task ClearAsync(long ledger, long number, long replacedBy) => RunAsync(batch =>
    {
        foreach (var table in (ReadOnlySpan<string>)["manifests", "manifest_references", "referrers", "tags"])
            batch.Execute($"DELETE FROM {table} WHERE ledger = $1", ledger);
        batch.Execute(
            """
            DELETE FROM blob_links WHERE ledger = $1 AND (uploaded IS NULL OR uploaded < $2) AND NOT EXISTS (
                SELECT 1 FROM announcements
                WHERE announcements.ledger = blob_links.ledger AND announcements.digest = blob_links.digest)
            """,
            ledger, number);
        batch.Execute("UPDATE blob_links SET committed = false WHERE ledger = $1", ledger);
        batch.Execute(
            """
            WITH dropped AS (DELETE FROM commits WHERE ledger = $1 RETURNING region, octet_length(encoded) AS size)
            UPDATE feeds SET bytes = bytes - (SELECT sum(size) FROM dropped WHERE dropped.region = feeds.region)
            WHERE region IN (SELECT region FROM dropped)
            """,
            ledger);
        batch.Execute("UPDATE announcements SET deleted_by = $2 WHERE ledger = $1", ledger, replacedBy);
    });

    private Task EndAsync(long ledger, LedgerId id, LedgerHead head) => RunAsync(batch =>
    {
        batch.Execute(
            "UPDATE ledgers SET epoch = $2, number = $3, checksum = $4, contents = $5 WHERE id = $1",
            ledger, head.Epoch, head.Number, head.Checksum.ToArray(), (_contents + ContentsChecksum.OfHead(id, head)).ToBytes());
        batch.Execute("DELETE FROM ledgers_set_aside WHERE kind = $1 AND name = $2", LedgerRows.Values(id));
    });

    private void Add(SnapshotEntry entry)
    {
        switch (entry)
        {
            case SnapshotEntry.OfManifest(var manifest):
                _manifests.Add(manifest);
                _contents += ContentsChecksum.Of(entry);
                break;
            case SnapshotEntry.OfTag tag:
                _tags.Add(tag);
                _contents += ContentsChecksum.Of(entry);
                break;
            case SnapshotEntry.OfBlob blob:
                _blobs.Add(blob);
                break;
            default:
                throw new InvalidOperationException($"{entry.GetType().Name} cannot be installed.");
        }
    }

    // A manifest's blobs come with it, and may come by themselves, too: what counts is what the table has in the end.
    private async Task FlushAsync(long ledger, long number)
    {
        var committed = _blobs.Where(blob => blob.IsCommitted).Select(blob => (blob.Digest, blob.SizeBytes))
            .Concat(_manifests.SelectMany(manifest => manifest.References)
                .Where(reference => reference.Kind == ContentKind.Blob)
                .Select(reference => (reference.Digest, reference.SizeBytes)))
            .DistinctBy(link => link.Digest).ToArray();
        var uploaded = _blobs.Where(blob => !blob.IsCommitted).DistinctBy(blob => blob.Digest).ToArray();
        await RunAsync(batch =>
        {
            RowChanges.AddManifests(batch, _manifests.Select(manifest => (ledger, manifest)));
            RowChanges.SetTags(batch, _tags.Select(tag => (ledger, tag.Tag.ToString(), tag.Digest.ToKey())));
            RowChanges.CommitLinks(
                batch,
                committed.Select(link => (ledger, link.Digest.ToKey(), link.SizeBytes)),
                row => _contents += ContentsChecksum.OfBlobLink(row.GetBytes(0), row.GetInt64(1)));
            if (uploaded.Length > 0) batch.Execute(
                """
                INSERT INTO blob_links (ledger, digest, size, committed, uploaded)
                SELECT $1, digest, size, false, $2 FROM unnest($3, $4) AS link (digest, size)
                ON CONFLICT (digest, ledger) DO UPDATE SET uploaded = excluded.uploaded
                    WHERE blob_links.uploaded IS NULL OR blob_links.uploaded < excluded.uploaded
                """,
                ledger, number, uploaded.Select(blob => blob.Digest.ToKey()).ToArray(), uploaded.Select(blob => blob.SizeBytes).ToArray());
        }).ConfigureAwait(false);
        _manifests.Clear();
        _tags.Clear();
        _blobs.Clear();
    }

    private async Task RunAsync(Action<StatementBatch> add)
    {
        var batch = new StatementBatch(connection);
        await using (batch.ConfigureAwait(false))
        {
            add(batch);
            if (!batch.IsEmpty) await batch.RunAsync().ConfigureAwait(false);
        }
    }
}
