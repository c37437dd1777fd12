using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Ledgers.Verification;
using GeoRegistry.Protocol;

namespace GeoRegistry.Storage.Sqlite;

public sealed partial class SqliteMetadataStore
{
    /// <inheritdoc/>
    public async Task<LedgerScanResult?> VerifyNextAsync(long after, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        var scan = _readers.ReadOneMoment(session => LedgerRowsScan.Next(session, after));
        if (scan is { Stored: null, Fault: null }) await AcceptAsync(scan, cancellation).ConfigureAwait(false);
        if (scan is null || !_restoredNames.TryRemove(scan.Cursor, out _)) return scan;
        return scan with { Fault = scan.Fault ?? "its name or the copy of it was damaged when the region started" };
    }

    /// <inheritdoc/>
    public async Task<bool> RestoreRowsAsync(LedgerScanResult scan, CancellationToken cancellation = default)
    {
        var strays = await Read(session => CommitRows.FindStrays(session, scan.Cursor, scan.Ledger)).ConfigureAwait(false);
        return await _writer.WriteAsync(
            session => LedgerNames.Restore(session, scan.Cursor) | CommitRows.GiveBack(session, strays) > 0,
            cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<LedgerState> ReadStateAsync(LedgerId ledger, CancellationToken cancellation = default) =>
        Read(session => LedgerRows.Find(session, ledger).State);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<(LedgerId Ledger, LedgerState State)>> ListStatesAsync(
        string? after, int limit, CancellationToken cancellation = default) =>
        Read<IReadOnlyList<(LedgerId Ledger, LedgerState State)>>(session => session.List(
            row => (new LedgerId(LedgerKind.Repository, row.GetString(0)), LedgerRows.State(row, 1)),
            """
            SELECT name, epoch, number, checksum, contents FROM ledgers INDEXED BY repositories
            WHERE kind = 1 AND number > 0 AND name > $1 ORDER BY name LIMIT $2
            """,
            after ?? "", (long)limit));

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<(Digest Digest, long SizeBytes)>> ListUnqueuedBlobsAsync(
        LedgerId ledger, CancellationToken cancellation = default) =>
        new(_readers.ReadOneMoment<IReadOnlyList<(Digest Digest, long SizeBytes)>>(session => session.List(
            row => (DigestKeys.FromKey(row.GetBytes(0)), row.GetInt64(1)),
            """
            SELECT digest, size FROM blob_links WHERE ledger = $1 AND committed = 1 AND NOT EXISTS (
                SELECT 1 FROM hydration JOIN hydration_waits ON hydration_waits.blob = hydration.id
                WHERE hydration.digest = blob_links.digest AND hydration_waits.ledger = $1)
            """,
            LedgerRows.Find(session, ledger).Ledger)));

    /// <inheritdoc/>
    public Task<bool> AcceptAsync(LedgerScanResult scan, CancellationToken cancellation = default) => _writer.WriteAsync(
        session =>
        {
            // Contents change with the head, or by a snapshot, which writes the checksum.
            var changed = session.Execute(
                "UPDATE ledgers SET contents = $2 WHERE id = $1 AND contents IS $3 AND epoch = $4 AND number = $5 AND checksum = $6",
                scan.Cursor, scan.Computed.ToBytes(), scan.Stored?.ToBytes(),
                scan.Head.Epoch, scan.Head.Number, scan.Head.Checksum.ToArray());
            return changed > 0;
        },
        cancellation);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<RegionId>> FindDamagedFeedsAsync(CancellationToken cancellation = default) =>
        Read<IReadOnlyList<RegionId>>(session =>
            [.. FeedChecksums.FindDamaged(session).Concat(_restoredFeeds.Keys).Distinct()
                .Where(region => RegionId.TryParse(region, out _)).Select(RegionId.Parse)]);

    /// <inheritdoc/>
    public async Task<bool> ResetCursorAsync(RegionId region, CancellationToken cancellation = default)
    {
        var isReset = await _writer.WriteAsync(
            session =>
            {
                if (!FeedChecksums.IsDamaged(session, region.ToString())) return false;
                FeedRows.Recover(session, region.ToString(), isOwn: region == _region);
                return true;
            },
            cancellation).ConfigureAwait(false);
        _restoredFeeds.TryRemove(region.ToString(), out _);
        return isReset;
    }

    /// <inheritdoc/>
    public ValueTask<string?> FindFaultOfRecordAsync(CancellationToken cancellation = default) => Read(session =>
        RegionRecordRows.IsAnyDamaged(session) ? "one of its two copies does not match its checksum"
        : AnnouncementRows.ListUnreadable(session).Count > 0 ? "a row of the blobs to announce cannot be read"
        : SetAsideRows.ListUnreadable(session).Count > 0 ? "a row of the ledgers set aside cannot be read"
        : FeedChecksums.ListUnreadable(session).Count > 0 ? "a row of the feeds names no region"
        : FeedRows.FindMiscounted(session).Count > 0 ? "a row of the feeds has another size than that of its commits"
        : CommitRows.FindUnknownLedgers(session).Count > 0 ? "a commit is of no ledger"
        : null);

    /// <inheritdoc/>
    public Task RepairRecordAsync(CancellationToken cancellation = default) => WriteAsync(
        session =>
        {
            RegionRecordRows.Repair(session);
            foreach (var id in AnnouncementRows.ListUnreadable(session)) AnnouncementRows.Remove(session, id);
            foreach (var key in SetAsideRows.ListUnreadable(session)) SetAsideRows.Remove(session, key);
            foreach (var region in FeedChecksums.ListUnreadable(session))
                session.Execute("DELETE FROM feeds WHERE region = $1", region);
            foreach (var ledger in CommitRows.FindUnknownLedgers(session))
            {
                CommitRows.GiveBack(session, CommitRows.FindStrays(session, ledger, id: null));
                CommitRows.Drop(session, ledger);
            }

            foreach (var region in FeedRows.FindMiscounted(session)) FeedRows.Recount(session, region);
        },
        cancellation);

    /// <inheritdoc/>
    public async Task<string?> FindFaultOfQueueAsync(IReadOnlyList<RegionId> regions, CancellationToken cancellation = default)
    {
        var names = Names(regions);
        for (var check = 0; check < HydrationAudit.Count; check++)
        {
            // A moment for each, so that none keeps the log from being taken up for long.
            var fault = await Read(session => HydrationAudit.FindFault(session, check, names, _time.GetUtcNow())).ConfigureAwait(false);
            if (fault is not null) return fault;
            cancellation.ThrowIfCancellationRequested();
        }

        return null;
    }

    /// <inheritdoc/>
    public Task RepairQueueAsync(CancellationToken cancellation = default) =>
        WriteAsync(session => HydrationAudit.Repair(session, _time.GetUtcNow()), cancellation);

    /// <inheritdoc/>
    public async Task TidyQueueAsync(IReadOnlyList<RegionId> regions, CancellationToken cancellation = default)
    {
        var names = Names(regions);
        while (await Read(HydrationAudit.ListUnlinked).ConfigureAwait(false) is { Count: > 0 } unlinked)
        {
            await WriteAsync(
                session =>
                {
                    foreach (var id in unlinked.Intersect(HydrationAudit.ListUnlinked(session))) HydrationRows.Drop(session, id);
                },
                cancellation).ConfigureAwait(false);
        }

        while (await Read(session => HydrationAudit.HasStrangers(session, names)).ConfigureAwait(false))
            await WriteAsync(session => HydrationAudit.TurnToFirst(session, names), cancellation).ConfigureAwait(false);
    }

    private static IReadOnlyList<string> Names(IReadOnlyList<RegionId> regions) => [.. regions.Select(region => region.ToString())];
}
