using System.Data;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Ledgers.Verification;
using GeoRegistry.Protocol;
using GeoRegistry.Storage.PostgreSql.Connections;
using Npgsql;

namespace GeoRegistry.Storage.PostgreSql;

/// <remarks>
/// The database itself finds pages that are damaged (<c>initdb --data-checksums</c>); scans find rows that are not what their ledger's
/// history made of them.
/// </remarks>
public sealed partial class PostgreSqlMetadataStore : ILedgerVerification
{
    private const string BytesOfCommits =
        "(SELECT coalesce(sum(octet_length(encoded)), 0) FROM commits WHERE commits.region = feeds.region)";

    /// <inheritdoc/>
    public Task<LedgerScanResult?> VerifyNextAsync(long after, CancellationToken cancellation = default) => WithTransactionAsync(
        IsolationLevel.RepeatableRead,
        async connection =>
        {
            var found = await connection.ListAsync(
                row => (Row: row.GetInt64(0), Id: new LedgerId((LedgerKind)row.GetInt16(1), row.GetString(2)),
                    State: LedgerRows.State(row, 3)),
                "SELECT id, kind, name, epoch, number, checksum, contents FROM ledgers WHERE id > $1 ORDER BY id LIMIT 1",
                [after], cancellation).ConfigureAwait(false);
            return found.Count == 0
                ? null
                : await ScanAsync(connection, found[0].Row, found[0].Id, found[0].State, cancellation).ConfigureAwait(false);
        },
        cancellation);

    /// <inheritdoc/>
    public async ValueTask<LedgerState> ReadStateAsync(LedgerId ledger, CancellationToken cancellation = default)
    {
        var found = await ListAsync(
            row => LedgerRows.State(row, 0), "SELECT epoch, number, checksum, contents FROM ledgers WHERE kind = $1 AND name = $2",
            LedgerRows.Values(ledger), cancellation).ConfigureAwait(false);
        return found.Count > 0 ? found[0] : LedgerState.Empty;
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<(LedgerId Ledger, LedgerState State)>> ListStatesAsync(
        string? after, int limit, CancellationToken cancellation = default) => ListAsync(
        row => (new LedgerId(LedgerKind.Repository, row.GetString(0)), LedgerRows.State(row, 1)),
        """
        SELECT name, epoch, number, checksum, contents FROM ledgers
        WHERE kind = 1 AND number > 0 AND name > $1 ORDER BY name LIMIT $2
        """,
        [after ?? "", limit], cancellation);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<(Digest Digest, long SizeBytes)>> ListUnqueuedBlobsAsync(
        LedgerId ledger, CancellationToken cancellation = default) => ListAsync(
        row => (DigestKeys.FromKey(row.GetBytes(0)), row.GetInt64(1)),
        $"""
        SELECT digest, size FROM blob_links WHERE ledger = {LedgerRows.Id} AND committed AND NOT EXISTS (
            SELECT 1 FROM hydration JOIN hydration_waits ON hydration_waits.blob = hydration.id
            WHERE hydration.digest = blob_links.digest AND hydration_waits.ledger = blob_links.ledger)
        """,
        LedgerRows.Values(ledger), cancellation);

    /// <inheritdoc/>
    public async Task<bool> AcceptAsync(LedgerScanResult scan, CancellationToken cancellation = default) => await WriteNumberAsync(
        """
        WITH accepted AS (
            UPDATE ledgers SET contents = $2 WHERE id = $1 AND contents = $3 AND epoch = $4 AND number = $5 AND checksum = $6
            RETURNING 1)
        SELECT count(*) FROM accepted
        """,
        [
            scan.Cursor, scan.Computed.ToBytes(), (scan.Stored ?? ContentsChecksum.Empty).ToBytes(), scan.Head.Epoch, scan.Head.Number,
            scan.Head.Checksum.ToArray(),
        ],
        cancellation).ConfigureAwait(false) > 0;

    /// <inheritdoc/>
    /// <remarks>Nothing is kept twice here: a database that lost rows is restored from a standby or a backup.</remarks>
    public Task<bool> RestoreRowsAsync(LedgerScanResult scan, CancellationToken cancellation = default) => Task.FromResult(false);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<RegionId>> FindDamagedFeedsAsync(CancellationToken cancellation = default) => new([]);

    /// <inheritdoc/>
    public Task<bool> ResetCursorAsync(RegionId region, CancellationToken cancellation = default) => Task.FromResult(false);

    /// <inheritdoc/>
    public async ValueTask<string?> FindFaultOfRecordAsync(CancellationToken cancellation = default)
    {
        var faults = await ListAsync(
            row => row.GetString(0),
            $"""
            SELECT 'the row of the region''s record is missing' WHERE NOT EXISTS (SELECT 1 FROM region_record)
            UNION ALL SELECT 'a row of the feeds has another size than that of its commits'
                WHERE EXISTS (SELECT 1 FROM feeds WHERE bytes <> {BytesOfCommits})
            UNION ALL SELECT 'a commit is of no ledger'
                WHERE EXISTS (SELECT 1 FROM commits WHERE NOT EXISTS (SELECT 1 FROM ledgers WHERE ledgers.id = commits.ledger))
            """,
            [], cancellation).ConfigureAwait(false);
        return faults.Count > 0 ? faults[0] : null;
    }

    /// <inheritdoc/>
    public Task RepairRecordAsync(CancellationToken cancellation = default) => WriteAsync(
        batch =>
        {
            batch.Execute("INSERT INTO region_record (id) VALUES (1) ON CONFLICT DO NOTHING");
            batch.Execute("DELETE FROM commits WHERE NOT EXISTS (SELECT 1 FROM ledgers WHERE ledgers.id = commits.ledger)");
            batch.Execute("LOCK TABLE feeds IN EXCLUSIVE MODE");
            batch.Execute($"UPDATE feeds SET bytes = {BytesOfCommits} WHERE bytes <> {BytesOfCommits}");
        },
        cancellation);

    /// <inheritdoc/>
    public async Task<string?> FindFaultOfQueueAsync(IReadOnlyList<RegionId> regions, CancellationToken cancellation = default)
    {
        var faults = await ListAsync(
            row => row.GetString(0), HydrationAudit.FindFaults,
            [HydrationAudit.LastNotBefore(_time.GetUtcNow()), Names(regions)], cancellation).ConfigureAwait(false);
        return faults.Count > 0 ? faults[0] : null;
    }

    /// <inheritdoc/>
    public Task RepairQueueAsync(CancellationToken cancellation = default) =>
        WriteAsync(batch => HydrationAudit.Repair(batch, _time.GetUtcNow()), cancellation);

    /// <inheritdoc/>
    public async Task TidyQueueAsync(IReadOnlyList<RegionId> regions, CancellationToken cancellation = default)
    {
        string drop =
            $"""
            SELECT count(*) FROM (
                SELECT (SELECT count(*) FROM hydration_take_out(unlinked.id)) FROM (
                    SELECT id FROM hydration WHERE {HydrationAudit.HasNoLink} LIMIT {HydrationAudit.BatchRows} FOR UPDATE SKIP LOCKED)
                    AS unlinked) AS dropped
            """,
            turn =
            $"""
            WITH turned AS (
                UPDATE hydration SET origin = ($1)[1] WHERE id IN (
                    SELECT id FROM hydration WHERE {HydrationAudit.HasUnknownOrigin} LIMIT {HydrationAudit.BatchRows}) RETURNING 1)
            SELECT count(*) FROM turned
            """;
        while (await WriteNumberAsync(drop, [], cancellation).ConfigureAwait(false) == HydrationAudit.BatchRows)
            cancellation.ThrowIfCancellationRequested();
        while (await WriteNumberAsync(turn, [Names(regions)], cancellation).ConfigureAwait(false) == HydrationAudit.BatchRows)
            cancellation.ThrowIfCancellationRequested();
    }

    private static async Task<LedgerScanResult> ScanAsync(
        NpgsqlConnection connection, long ledger, LedgerId id, LedgerState state, CancellationToken cancellation)
    {
        var pruned = (await connection.ListAsync(
            row => (Region: row.GetString(0), Pruned: row.GetInt64(1)), "SELECT region, pruned FROM feeds", [], cancellation)
            .ConfigureAwait(false)).ToDictionary(feed => feed.Region, feed => feed.Pruned);
        var scan = new LedgerScan(ledger, id, state, region => pruned.GetValueOrDefault(region));
        (string Sql, Action<NpgsqlDataReader> Take)[] tables =
        [
            ("SELECT digest, media_type, content FROM manifests WHERE ledger = $1",
                row => scan.AddManifest(row.GetBytes(0), row.GetString(1), row.GetBytes(2))),
            ("SELECT name, digest FROM tags WHERE ledger = $1", row => scan.AddTag(row.GetString(0), row.GetBytes(1))),
            ("SELECT digest, size FROM blob_links WHERE ledger = $1 AND committed",
                row => scan.AddBlobLink(row.GetBytes(0), row.GetInt64(1))),
            ("SELECT target, manifest FROM manifest_references WHERE ledger = $1",
                row => scan.AddReference(row.GetBytes(0), row.GetBytes(1))),
            ("SELECT subject, digest, artifact_type, descriptor FROM referrers WHERE ledger = $1",
                row => scan.AddReferrer(
                    row.GetBytes(0), row.GetBytes(1), row.IsDBNull(2) ? null : row.GetString(2), row.GetBytes(3))),
            // The chain of checksums covers each commit that has another before it.
            ("SELECT region, position, number, checksum, encoded FROM commits WHERE ledger = $1 ORDER BY number",
                row => scan.AddCommit(
                    row.GetString(0), row.GetInt64(1), row.GetInt64(2), row.GetBytes(3), row.GetBytes(4), isWhole: true)),
        ];
        foreach (var (sql, take) in tables)
        {
            var rows = await connection.QueryAsync(sql, [ledger], cancellation).ConfigureAwait(false);
            await using (rows.ConfigureAwait(false))
                while (await rows.ReadAsync(cancellation).ConfigureAwait(false)) take(rows);
        }

        return scan.Finish();
    }

    private static string[] Names(IReadOnlyList<RegionId> regions) => [.. regions.Select(region => region.ToString())];
}
