using System.Data;
using GeoRegistry.Ledgers.Archives;
using GeoRegistry.Storage.PostgreSql.Archives;
using GeoRegistry.Storage.PostgreSql.Connections;
using Npgsql;

namespace GeoRegistry.Storage.PostgreSql;

public sealed partial class PostgreSqlMetadataStore
{
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
