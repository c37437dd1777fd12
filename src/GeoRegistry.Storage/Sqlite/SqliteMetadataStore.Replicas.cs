using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;

namespace GeoRegistry.Storage.Sqlite;

public sealed partial class SqliteMetadataStore
{
    /// <inheritdoc/>
    public ValueTask<FeedCursor> ReadCursorAsync(RegionId source, CancellationToken cancellation = default) =>
        Read(session => FeedRows.Cursor(session, source.ToString()));

    /// <inheritdoc/>
    public Task<ApplyOutcome> ApplyAsync(
        RegionId source, Incarnation incarnation, IReadOnlyList<ReplicaEntry> entries, CancellationToken cancellation = default) =>
        _writer.WriteAsync(session => ReplicaApplication.Apply(session, source, incarnation, entries), cancellation);

    /// <inheritdoc/>
    public Task<bool> ReadSnapshotAsync(
        LedgerId ledger, Func<LedgerSnapshot, CancellationToken, Task> use, CancellationToken cancellation = default) =>
        _readers.ReadOneMomentAsync(async session =>
        {
            cancellation.ThrowIfCancellationRequested();
            if (SnapshotRows.Read(session, ledger) is not { } snapshot) return false;
            await use(snapshot, cancellation).ConfigureAwait(false);
            return true;
        });

    /// <inheritdoc/>
    public Task<bool> InstallSnapshotAsync(
        FeedPosition position,
        LedgerSnapshot snapshot,
        IReadOnlyList<MissingBlob> missing,
        LedgerHead? replaced = null,
        CancellationToken cancellation = default)
    {
        var at = _time.GetUtcNow().ToUnixTimeMilliseconds();
        return _writer.WriteAsync(session => SnapshotRows.Install(session, position, at, snapshot, missing, replaced), cancellation);
    }

    /// <inheritdoc/>
    public Task QueueMissingAsync(FeedPosition position, LedgerId ledger, IReadOnlyList<MissingBlob> missing,
        CancellationToken cancellation = default)
    {
        var at = _time.GetUtcNow().ToUnixTimeMilliseconds();
        return WriteAsync(
            session =>
            {
                var source = position.Region.ToString();
                FeedRows.RaiseSnapshot(session, source, position.Number);
                HydrationRows.Queue(session, source, position.Number, LedgerRows.Find(session, ledger).Ledger, at, missing);
            },
            cancellation);
    }

    /// <inheritdoc/>
    public Task SkipToAsync(RegionId source, FeedCursor cursor, long topologyVersion, CancellationToken cancellation = default) =>
        WriteAsync(
            session =>
            {
                var region = source.ToString();
                FeedRows.Ensure(session, region);
                if (FeedRows.Cursor(session, region).Incarnation != cursor.Incarnation)
                    FeedRows.Reset(session, region, cursor.Incarnation);
                FeedRows.MoveCursor(session, region, cursor);
                FeedRows.RaiseSnapshot(session, region, cursor.Position);
                FeedRows.RaisePruned(session, region, cursor.Position);
                FeedRows.EndTakeOver(session, region, topologyVersion);
            },
            cancellation);

    /// <inheritdoc/>
    public Task RemoveLedgerAsync(LedgerId ledger, CancellationToken cancellation = default) =>
        WriteAsync(session => SnapshotRows.Remove(session, ledger), cancellation);

    /// <inheritdoc/>
    public Task SetAsideAsync(RegionId source, LedgerId ledger, string reason, DateTimeOffset notBefore,
        CancellationToken cancellation = default) =>
        WriteAsync(session => SetAsideRows.Add(session, source, ledger, reason, notBefore.ToUnixTimeMilliseconds()), cancellation);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<LedgerSetAside>> ListSetAsideAsync(CancellationToken cancellation = default) => Read(SetAsideRows.List);
}
