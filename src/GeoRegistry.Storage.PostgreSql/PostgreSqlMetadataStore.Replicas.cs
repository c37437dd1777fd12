using System.Data;
using System.Runtime.CompilerServices;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Storage.PostgreSql.Connections;
using GeoRegistry.Storage.PostgreSql.Replicas;
using Npgsql;

namespace GeoRegistry.Storage.PostgreSql;

public sealed partial class PostgreSqlMetadataStore
{
    /// <inheritdoc/>
    public async ValueTask<FeedCursor> ReadCursorAsync(RegionId source, CancellationToken cancellation = default)
    {
        var found = await ListAsync(
            row => new FeedCursor(Incarnation.Parse(row.GetString(0)), row.GetInt64(1), row.GetBytes(2)),
            "SELECT incarnation, position, checksum FROM feeds WHERE region = $1", [source.ToString()], cancellation)
            .ConfigureAwait(false);
        return found.Count > 0 ? found[0] : FeedCursor.Start;
    }

    /// <inheritdoc/>
    public async Task<ApplyOutcome> ApplyAsync(
        RegionId source, Incarnation incarnation, IReadOnlyList<ReplicaEntry> entries, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        try
        {
            return await _database.RunAgainAsync(
                connection => new ReplicaBatch(connection, source, incarnation).RunAsync(entries, CancellationToken.None), cancellation)
                .ConfigureAwait(false);
        }
        catch (Exception e) when (entries.Count > 1 && PostgreSqlFaults.IsDamagedRow(e))
        {
            // Rows of one ledger are damaged here: what comes before it is applied, and it alone stops there.
            var outcome = await ApplyAsync(source, incarnation, [.. entries.Take(entries.Count / 2)], cancellation).ConfigureAwait(false);
            return outcome.Faulty is not null
                ? outcome
                : await ApplyAsync(source, incarnation, [.. entries.Skip(entries.Count / 2)], cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (entries.Count == 1 && PostgreSqlFaults.IsDamagedRow(e))
        {
            return new ApplyOutcome(await ReadCursorAsync(source, cancellation).ConfigureAwait(false), entries[0].Ledger);
        }
    }

    /// <inheritdoc/>
    public Task<bool> ReadSnapshotAsync(
        LedgerId ledger, Func<LedgerSnapshot, CancellationToken, Task> use, CancellationToken cancellation = default) =>
        _database.RunOnceAsync(
            connection => InTransactionAsync(connection, IsolationLevel.RepeatableRead, async () =>
            {
                if (await SnapshotReading.ReadAsync(connection, ledger, cancellation).ConfigureAwait(false) is not { } snapshot)
                    return false;
                await use(snapshot, cancellation).ConfigureAwait(false);
                return true;
            }),
            cancellation);

    /// <inheritdoc/>
    public Task<bool> InstallSnapshotAsync(
        FeedPosition position,
        LedgerSnapshot snapshot,
        IReadOnlyList<MissingBlob> missing,
        LedgerHead? replaced = null,
        CancellationToken cancellation = default)
    {
        var at = _time.GetUtcNow().ToUnixTimeMilliseconds();
        return WithTransactionAsync(
            IsolationLevel.ReadCommitted,
            connection => new SnapshotInstallation(connection).InstallAsync(position, at, snapshot, missing, replaced, cancellation),
            cancellation);
    }

    /// <inheritdoc/>
    public Task QueueMissingAsync(FeedPosition position, LedgerId ledger, IReadOnlyList<MissingBlob> missing,
        CancellationToken cancellation = default)
    {
        var at = _time.GetUtcNow().ToUnixTimeMilliseconds();
        return WriteAsync(
            batch =>
            {
                SnapshotInstallation.RaiseSnapshot(batch, position);
                if (missing.Count > 0) batch.Call(
                    $"SELECT hydration_queue($3, $4, {LedgerRows.Id}, $5, $6, $7, $8)",
                    LedgerRows.Values(
                        ledger, [position.Region.ToString(), position.Number, at, .. HydrationRows.Columns(missing)]));
            },
            cancellation);
    }

    /// <inheritdoc/>
    public Task SkipToAsync(RegionId source, FeedCursor cursor, long topologyVersion, CancellationToken cancellation = default)
    {
        var (region, incarnation) = (source.ToString(), cursor.Incarnation.ToString());
        return WriteAsync(
            batch =>
            {
                batch.Execute("INSERT INTO feeds (region) VALUES ($1) ON CONFLICT DO NOTHING", region);
                batch.Execute(
                    "DELETE FROM commits WHERE region = $1 AND EXISTS (SELECT 1 FROM feeds WHERE region = $1 AND incarnation <> $2)",
                    region, incarnation);
                batch.Execute(
                    """
                    UPDATE feeds SET incarnation = $2, head = 0, position = 0, checksum = '', snapshot = 0, pruned = 0, bytes = 0
                    WHERE region = $1 AND incarnation <> $2
                    """,
                    region, incarnation);
                batch.Execute(
                    """
                    UPDATE feeds SET
                        checksum = CASE WHEN position < $2 THEN $3 ELSE checksum END,
                        position = greatest(position, $2), head = greatest(head, $2),
                        snapshot = greatest(snapshot, $2), pruned = greatest(pruned, $2),
                        take_over = CASE WHEN take_over <= $4 THEN 0 ELSE take_over END
                    WHERE region = $1
                    """,
                    region, cursor.Position, cursor.Checksum.ToArray(), topologyVersion);
            },
            cancellation);
    }

    /// <inheritdoc/>
    public Task RemoveLedgerAsync(LedgerId ledger, CancellationToken cancellation = default) => WithTransactionAsync(
        IsolationLevel.ReadCommitted,
        async connection =>
        {
            await new SnapshotInstallation(connection).RemoveAsync(ledger).ConfigureAwait(false);
            return true;
        },
        cancellation);

    /// <inheritdoc/>
    public Task SetAsideAsync(RegionId source, LedgerId ledger, string reason, DateTimeOffset notBefore,
        CancellationToken cancellation = default) => WriteAsync(
        batch => batch.Execute(
            """
            INSERT INTO ledgers_set_aside (kind, name, source, reason, attempts, not_before) VALUES ($1, $2, $3, $4, 1, $5)
            ON CONFLICT (kind, name) DO UPDATE SET source = excluded.source, reason = excluded.reason,
                attempts = ledgers_set_aside.attempts + 1, not_before = excluded.not_before
            """,
            LedgerRows.Values(ledger, source.ToString(), reason, notBefore.ToUnixTimeMilliseconds())),
        cancellation);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<LedgerSetAside>> ListSetAsideAsync(CancellationToken cancellation = default) => ListAsync(
        row => new LedgerSetAside(
            RegionId.Parse(row.GetString(2)), LedgerId.Of(RepositoryName.Parse(row.GetString(1))), row.GetString(3), row.GetInt32(4),
            Time(row.GetInt64(5))),
        "SELECT kind, name, source, reason, attempts, not_before FROM ledgers_set_aside", [], cancellation);

    private Task<T> WithTransactionAsync<T>(
        IsolationLevel isolation, Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellation,
        [CallerMemberName] string operation = "") => _database.RunAgainAsync(
        connection => InTransactionAsync(connection, isolation, () => work(connection)), cancellation, operation: operation);

    private static async Task<T> InTransactionAsync<T>(NpgsqlConnection connection, IsolationLevel isolation, Func<Task<T>> work)
    {
        var transaction = await connection.BeginTransactionAsync(isolation, CancellationToken.None).ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            var result = await work().ConfigureAwait(false);
            await transaction.CommitAsync(CancellationToken.None).ConfigureAwait(false);
            return result;
        }
    }
}
