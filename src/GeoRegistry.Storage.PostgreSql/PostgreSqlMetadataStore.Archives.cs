using System.Data;
using GeoRegistry.Ledgers.Archives;
using GeoRegistry.Storage.PostgreSql.Archives;
using GeoRegistry.Storage.PostgreSql.Connections;
using Npgsql;

namespace GeoRegistry.Storage.PostgreSql;

public sealed partial class PostgreSqlMetadataStore
{
    /// <summary>Whether a server runs on a database, as far as it has a connection there now.</summary>
    /// <param name="options">Where the database is.</param>
    /// <param name="cancellation">Cancels.</param>
    public static async Task<bool> IsServedAsync(PostgreSqlOptions options, CancellationToken cancellation = default)
    {
        var connection = new NpgsqlConnection($"{options.ConnectionString};Pooling=false");
        await using (connection.ConfigureAwait(false))
        {
            await connection.OpenAsync(cancellation).ConfigureAwait(false);
            var isFree = await connection.ListAsync(
                row => row.GetBoolean(0), "SELECT pg_try_advisory_lock(hashtext($1))",
                [PostgreSqlDatabase.ServedLockOf(options.Schema)], cancellation).ConfigureAwait(false);
            return !isFree[0];
        }
    }

    /// <inheritdoc/>
    public Task ExportAsync(Stream output, CancellationToken cancellation = default) => _database.RunOnceAsync(
        connection => InTransactionAsync(connection, IsolationLevel.RepeatableRead, async () =>
        {
            await AllowPausesAsync(connection, cancellation).ConfigureAwait(false);
            using var writer = new ArchiveWriter(output);
            var reading = new ArchiveReading(connection, _region);
            await foreach (var record in reading.ReadAsync(_time.GetUtcNow(), cancellation).ConfigureAwait(false))
                await writer.WriteAsync(record, cancellation).ConfigureAwait(false);
            await writer.EndAsync(cancellation).ConfigureAwait(false);
            return true;
        }),
        cancellation);

    /// <inheritdoc/>
    public Task ImportAsync(IAsyncEnumerable<ArchiveRecord> records, CancellationToken cancellation = default) => _database.RunOnceAsync(
        connection => InTransactionAsync(connection, IsolationLevel.ReadCommitted, async () =>
        {
            await AllowPausesAsync(connection, cancellation).ConfigureAwait(false);
            await connection.ExecuteAsync("LOCK TABLE ledgers, feeds IN EXCLUSIVE MODE", [], cancellation).ConfigureAwait(false);
            if (!await ArchiveImport.IsEmptyAsync(connection, _region, cancellation).ConfigureAwait(false))
                throw ArchiveFaults.NotEmpty(_region);
            await new ArchiveImport(connection, _region).RunAsync(records, cancellation).ConfigureAwait(false);
            return true;
        }),
        cancellation);

    /// <inheritdoc/>
    public Task<bool> IsEmptyAsync(CancellationToken cancellation = default) => _database.RunAsync(
        (connection, cancellation) => ArchiveImport.IsEmptyAsync(connection, _region, cancellation), cancellation);

    // Whoever reads or sends an archive may be slow; others wait for nothing that such a transaction holds.
    private static Task AllowPausesAsync(NpgsqlConnection connection, CancellationToken cancellation) =>
        connection.ExecuteAsync("SET LOCAL idle_in_transaction_session_timeout = 0", [], cancellation);
}
