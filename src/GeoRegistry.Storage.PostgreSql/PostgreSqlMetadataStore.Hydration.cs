using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Storage.PostgreSql.Connections;
using Npgsql;
using NpgsqlTypes;

namespace GeoRegistry.Storage.PostgreSql;

public sealed partial class PostgreSqlMetadataStore
{
    /// <summary>How many blobs are made due again in one transaction.</summary>
    private const int RetryBlobs = 500;

    private const string JobColumns =
        "digest, size, origin, attempts, not_before, error, since, (SELECT name FROM ledgers WHERE ledgers.id = hydration.ledger)";

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<HydrationJob>> ReadReadyAsync(
        RegionId from, DateTimeOffset now, int limit, CancellationToken cancellation = default) => ListAsync(
        Job,
        $"""
        (SELECT {JobColumns} FROM hydration WHERE origin = $1 AND dead = 0 AND not_before = 0 ORDER BY id DESC LIMIT $3)
        UNION ALL
        (SELECT {JobColumns} FROM hydration
            WHERE origin = $1 AND dead = 0 AND not_before > 0 AND not_before <= $2 ORDER BY not_before LIMIT $3)
        """,
        [from.ToString(), now.ToUnixTimeMilliseconds(), limit], cancellation);

    /// <inheritdoc/>
    /// <remarks>Most blobs that clients push are not queued, and no transaction is begun for them.</remarks>
    public async Task<IReadOnlyList<PendingCommit>> CompleteAsync(Digest digest, CancellationToken cancellation = default)
    {
        if (!await IsAwaitedAsync(digest, cancellation).ConfigureAwait(false)) return [];
        return await ReadWriteAsync<IReadOnlyList<PendingCommit>>(
            batch =>
            {
                var completed = new List<PendingCommit>();
                batch.Read(
                    """
                    SELECT source, incarnation, done.position, at FROM hydration_complete($1) AS done JOIN feeds ON region = source
                    ORDER BY source, done.position
                    """,
                    row => completed.Add(new PendingCommit(Position(row), Time(row.GetInt64(3)))),
                    digest.ToKey());
                return () => completed;
            },
            cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<bool> DropUnlinkedAsync(Digest digest, CancellationToken cancellation = default) => await WriteNumberAsync(
        $"""
        SELECT count(*) FROM (
            SELECT hydration.id, (SELECT count(*) FROM hydration_take_out(hydration.id)) FROM hydration
            WHERE digest = $1 AND {HydrationAudit.HasNoLink}) AS dropped
        """,
        [digest.ToKey()], cancellation).ConfigureAwait(false) > 0;

    /// <inheritdoc/>
    public async ValueTask<bool> IsAwaitedAsync(Digest digest, CancellationToken cancellation = default) => await FindAsync(
        row => row.GetInt64(0), "SELECT id FROM hydration WHERE digest = $1", [digest.ToKey()], cancellation)
        .ConfigureAwait(false) is not null;

    /// <inheritdoc/>
    public Task DeferAsync(Digest digest, string error, DateTimeOffset? notBefore, bool countAttempt,
        CancellationToken cancellation = default) => WriteAsync(
        batch => batch.Call(
            "SELECT hydration_defer($1, $2, $3, $4)",
            digest.ToKey(), error,
            new NpgsqlParameter<long?> { TypedValue = notBefore?.ToUnixTimeMilliseconds(), NpgsqlDbType = NpgsqlDbType.Bigint },
            countAttempt ? 1 : 0),
        cancellation);

    /// <inheritdoc/>
    public async Task<int> RetryAsync(Digest? digest, CancellationToken cancellation = default)
    {
        var key = new NpgsqlParameter<byte[]?> { TypedValue = digest?.ToKey(), NpgsqlDbType = NpgsqlDbType.Bytea };
        var (retried, batch) = (0, 0);
        do
        {
            // A transaction at a time, so that pushes get in between.
            batch = (int)await WriteNumberAsync(
                "SELECT hydration_retry($1, $2)::bigint", [key, RetryBlobs], cancellation).ConfigureAwait(false);
            retried += batch;
        }
        while (digest is null && batch == RetryBlobs);
        return retried;
    }

    /// <inheritdoc/>
    public async ValueTask<bool> IsCompleteAsync(LedgerId ledger, FeedPosition position, CancellationToken cancellation = default) =>
        await FindAsync(
            row => row.GetBoolean(0),
            $"""
            SELECT NOT EXISTS (
                SELECT 1 FROM hydration_commits AS waiting WHERE waiting.source = feeds.region AND waiting.ledger = {LedgerRows.Id}
                    AND (waiting.position = $5 OR (waiting.position <= feeds.snapshot AND $5 <= feeds.snapshot)))
            FROM feeds WHERE region = $3 AND ($4 = '' OR incarnation = $4)
            """,
            LedgerRows.Values(ledger, position.Region.ToString(), position.Incarnation.ToString(), position.Number), cancellation)
            .ConfigureAwait(false) ?? position.Incarnation.IsNone;

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<HydrationJob>> ListAsync(bool dead, int limit, CancellationToken cancellation = default) => ListAsync(
        Job, $"SELECT {JobColumns} FROM hydration WHERE dead = $1 ORDER BY id LIMIT $2",
        [(short)(dead ? 1 : 0), limit], cancellation);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<PendingSummary>> SummarizeAsync(CancellationToken cancellation = default) => ListAsync(
        row => new PendingSummary(
            RegionId.Parse(row.GetString(0)), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4), Time(row.GetInt64(5))),
        """
        SELECT source, commits, blobs, bytes, dead,
            (SELECT min(at) FROM hydration_commits WHERE hydration_commits.source = hydration_regions.source)
        FROM hydration_regions ORDER BY source
        """,
        [], cancellation);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<RepositoryPending>> SummarizeRepositoriesAsync(
        RepositoryName? repository, int limit, CancellationToken cancellation = default)
    {
        const string Columns =
            "SELECT (SELECT name FROM ledgers WHERE ledgers.id = ledger), commits, blobs, bytes, oldest FROM hydration_ledgers";
        return repository is { } one
            ? ListAsync(Pending, $"{Columns} WHERE ledger = {LedgerRows.Id}", Values(one), cancellation)
            : ListAsync(Pending, $"{Columns} ORDER BY oldest LIMIT $1", [limit], cancellation);
    }

    private static HydrationJob Job(NpgsqlDataReader row) => new(
        DigestKeys.FromKey(row.GetBytes(0)),
        row.GetInt64(1),
        RegionId.Parse(row.GetString(2)),
        row.GetInt32(3),
        Time(row.GetInt64(4)),
        row.IsDBNull(5) ? null : row.GetString(5),
        Time(row.GetInt64(6)),
        row.GetString(7));

    private static RepositoryPending Pending(NpgsqlDataReader row) =>
        new(row.GetString(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), Time(row.GetInt64(4)));

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
}
