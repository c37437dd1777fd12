using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;

namespace GeoRegistry.Storage.Sqlite;

public sealed partial class SqliteMetadataStore
{
    /// <summary>How many blobs are made due again in one transaction.</summary>
    private const int RetryBlobs = 500;

    private const string JobColumns =
        "digest, size, origin, attempts, not_before, error, since, (SELECT name FROM ledgers WHERE ledgers.id = hydration.ledger)";

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<HydrationJob>> ReadReadyAsync(
        RegionId from, DateTimeOffset now, int limit, CancellationToken cancellation = default) =>
        new(_readers.ReadOneMoment<IReadOnlyList<HydrationJob>>(session =>
        [
            .. session.List(
                Job,
                $"SELECT {JobColumns} FROM hydration INDEXED BY hydration_ready "
                    + "WHERE origin = $1 AND dead = 0 AND not_before = 0 ORDER BY id DESC LIMIT $2",
                from.ToString(), (long)limit),
            .. session.List(
                Job,
                $"""
                SELECT {JobColumns} FROM hydration INDEXED BY hydration_ready
                WHERE origin = $1 AND dead = 0 AND not_before > 0 AND not_before <= $2 ORDER BY not_before LIMIT $3
                """,
                from.ToString(), now.ToUnixTimeMilliseconds(), (long)limit),
        ]));

    /// <inheritdoc/>
    /// <remarks>Most blobs that clients push are not queued, and do not wait for the writer to know it.</remarks>
    public async Task<IReadOnlyList<PendingCommit>> CompleteAsync(Digest digest, CancellationToken cancellation = default) =>
        _readers.ReadOneMoment(session => HydrationRows.IsQueued(session, digest))
            ? await _writer.WriteAsync(session => HydrationRows.Complete(session, digest), cancellation).ConfigureAwait(false)
            : [];

    /// <inheritdoc/>
    public Task<bool> DropUnlinkedAsync(Digest digest, CancellationToken cancellation = default) => _writer.WriteAsync(
        session =>
        {
            if (HydrationAudit.FindUnlinked(session, digest) is not { } id) return false;
            HydrationRows.Drop(session, id);
            return true;
        },
        cancellation);

    /// <inheritdoc/>
    public ValueTask<bool> IsAwaitedAsync(Digest digest, CancellationToken cancellation = default) =>
        new(_readers.ReadOneMoment(session => HydrationRows.IsQueued(session, digest)));

    /// <inheritdoc/>
    public Task DeferAsync(Digest digest, string error, DateTimeOffset? notBefore, bool countAttempt,
        CancellationToken cancellation = default) =>
        WriteAsync(
            session => HydrationRows.Defer(session, digest, error, notBefore?.ToUnixTimeMilliseconds(), countAttempt ? 1 : 0),
            cancellation);

    /// <inheritdoc/>
    public async Task<int> RetryAsync(Digest? digest, CancellationToken cancellation = default)
    {
        if (digest is { } one)
            return await _writer.WriteAsync(session => HydrationRows.Retry(session, one), cancellation).ConfigureAwait(false);
        var (retried, batch) = (0, 0);
        do
        {
            // A transaction at a time, so that pushes get in between.
            batch = await _writer.WriteAsync(session => HydrationRows.RetrySome(session, RetryBlobs), cancellation).ConfigureAwait(false);
            retried += batch;
        }
        while (batch == RetryBlobs);
        return retried;
    }

    /// <inheritdoc/>
    public ValueTask<bool> IsCompleteAsync(LedgerId ledger, FeedPosition position, CancellationToken cancellation = default) =>
        new(_readers.ReadOneMoment(session => FeedRows.Has(session, position) && HydrationRows.IsComplete(
            session, LedgerRows.Find(session, ledger).Ledger, position.Region.ToString(), position.Number)));

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<HydrationJob>> ListAsync(bool dead, int limit, CancellationToken cancellation = default) =>
        Read<IReadOnlyList<HydrationJob>>(session => session.List(
            Job,
            $"SELECT {JobColumns} FROM hydration INDEXED BY hydration_lists WHERE dead = $1 ORDER BY id LIMIT $2",
            dead ? 1L : 0, (long)limit));

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<PendingSummary>> SummarizeAsync(CancellationToken cancellation = default) =>
        Read<IReadOnlyList<PendingSummary>>(session => session.List(
            row => new PendingSummary(
                RegionId.Parse(row.GetString(0)),
                row.GetInt64(1),
                row.GetInt64(2),
                row.GetInt64(3),
                row.GetInt64(4),
                Time(row.GetInt64(5))),
            """
            SELECT source, commits, blobs, bytes, dead,
                (SELECT min(at) FROM hydration_commits WHERE hydration_commits.source = hydration_regions.source)
            FROM hydration_regions WHERE source > '' ORDER BY source
            """));

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<RepositoryPending>> SummarizeRepositoriesAsync(
        RepositoryName? repository, int limit, CancellationToken cancellation = default)
    {
        const string Columns = "SELECT (SELECT name FROM ledgers WHERE id = ledger), commits, blobs, bytes, oldest FROM hydration_ledgers";
        return Read<IReadOnlyList<RepositoryPending>>(session => repository is { } one
            ? session.List(Pending, $"{Columns} WHERE ledger = $1", Ledger(session, one))
            : session.List(Pending, $"{Columns} INDEXED BY hydration_ledgers_by_age WHERE oldest >= 0 ORDER BY oldest LIMIT $1",
                (long)limit));
    }

    private static HydrationJob Job(SqliteStatement row) => new(
        DigestKeys.FromKey(row.GetBytes(0)),
        row.GetInt64(1),
        RegionId.Parse(row.GetString(2)),
        (int)row.GetInt64(3),
        Time(row.GetInt64(4)),
        row.IsDBNull(5) ? null : row.GetString(5),
        Time(row.GetInt64(6)),
        row.GetString(7));

    private static RepositoryPending Pending(SqliteStatement row) =>
        new(row.GetString(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), Time(row.GetInt64(4)));

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
}
