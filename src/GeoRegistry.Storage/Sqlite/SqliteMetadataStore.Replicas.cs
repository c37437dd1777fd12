using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;

namespace GeoRegistry.Storage.Sqlite;

public sealed partial class SqliteMetadataStore
{
    /// <inheritdoc/>
    public ValueTask<FeedCursor> ReadCursorAsync(RegionId source, CancellationToken cancellation = default) =>
        Read(session => FeedRows.Cursor(session, source.ToString()));

    /// <inheritdoc/>
    public Task<ApplyOutcome> ApplyAsync(RegionId source, IReadOnlyList<ReplicaEntry> entries, CancellationToken cancellation = default) =>
        _writer.WriteAsync(session => ReplicaApplication.Apply(session, source, entries), cancellation);

    /// <inheritdoc/>
    public Task<bool> ReadSnapshotAsync(LedgerId ledger, Action<LedgerSnapshot> use, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        return Task.FromResult(_readers.ReadOneMoment(session =>
        {
            if (SnapshotRows.Read(session, ledger) is not { } snapshot) return false;
            use(snapshot);
            return true;
        }));
    }

    /// <inheritdoc/>
    public Task<bool> InstallSnapshotAsync(
        RegionId source, long position, LedgerSnapshot snapshot, IReadOnlyList<MissingBlob> missing, CancellationToken cancellation = default)
    {
        var at = _time.GetUtcNow().ToUnixTimeMilliseconds();
        return _writer.WriteAsync(session => SnapshotRows.Install(session, source.ToString(), position, at, snapshot, missing), cancellation);
    }

    /// <inheritdoc/>
    public Task SkipToAsync(RegionId source, FeedCursor cursor, CancellationToken cancellation = default) =>
        _writer.WriteAsync(
            session =>
            {
                var region = source.ToString();
                FeedRows.MoveCursor(session, region, cursor);
                FeedRows.RaiseSnapshot(session, region, cursor.Position);
                FeedRows.RaisePruned(session, region, cursor.Position);
                return true;
            },
            cancellation);
}
