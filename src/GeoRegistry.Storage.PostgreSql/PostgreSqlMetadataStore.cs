using System.Runtime.CompilerServices;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Archives;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Storage.PostgreSql.Connections;
using GeoRegistry.Storage.PostgreSql.Schema;
using GeoRegistry.Storage.PostgreSql.Writes;
using Npgsql;

namespace GeoRegistry.Storage.PostgreSql;

/// <summary>The production metadata store: a PostgreSQL database, shared by the servers of a region.</summary>
/// <remarks>
/// Reads and writes are tried again while the database is away (<see cref="PostgreSqlOptions.RetryTimeout"/>), as often as it takes:
/// each may be carried out any number of times, and appends find out whether they were.
/// </remarks>
public sealed partial class PostgreSqlMetadataStore
    : ILedgerStore, IRepositoryTables, IReplicaStore, IHydrationQueue, IRegionRecord, IAnnouncements, IMetadataArchive, IStoreHealth,
        IDataContinuity, IAsyncDisposable
{
    private readonly PostgreSqlDatabase _database;
    private readonly GroupWriter _writer;
    private readonly FeedListener _listener;
    private readonly RegionId _region;
    private readonly TimeProvider _time;
    private bool _isDisposed;

    private PostgreSqlMetadataStore(PostgreSqlDatabase database, RegionId region, TimeProvider time, StoreCalls calls)
    {
        (_database, _region, _time) = (database, region, time);
        _writer = new GroupWriter(database, new WriteGroup(region, time), calls);
        _listener = new FeedListener(database, region, time);
    }

    /// <inheritdoc/>
    public event Action? Broken
    {
        add => _database.Continuity.Broken += value;
        remove => _database.Continuity.Broken -= value;
    }

    /// <inheritdoc/>
    public string? Break => _database.Continuity.Break;

    /// <inheritdoc/>
    public void Recover() => _database.Continuity.Recover();

    /// <inheritdoc/>
    public void Release() => _database.Continuity.Release();

    /// <summary>Whether commits waited for a standby (<c>synchronous_standby_names</c>) when the store was opened.</summary>
    public bool WaitsForStandby { get; private init; }

    /// <inheritdoc/>
    public string StoreName => "metadata";

    /// <summary>Opens the database, whose tables are made or upgraded where needed.</summary>
    /// <param name="options">Where it is.</param>
    /// <param name="region">The region that the store belongs to.</param>
    /// <param name="time">Tells when snapshots were installed; null for the system's clock.</param>
    /// <param name="cancellation">Cancels opening it.</param>
    /// <exception cref="InvalidDataException">The database was written by a newer build.</exception>
    public static async Task<PostgreSqlMetadataStore> OpenAsync(
        PostgreSqlOptions options, RegionId region, TimeProvider? time = null, CancellationToken cancellation = default)
    {
        time ??= TimeProvider.System;
        var calls = StoreCalls.OfMetadata("postgresql");
        var database = new PostgreSqlDatabase(options, time, calls);
        try
        {
            var (written, standbys) = await database.RunAsync(
                async (connection, cancellation) =>
                {
                    await PostgreSqlSchema.UpgradeAsync(connection, options.Schema, cancellation).ConfigureAwait(false);
                    await connection.ExecuteAsync(
                        $"""
                        INSERT INTO feeds AS feed (region, incarnation, database) VALUES ($1, $2, {DatabaseContinuity.ThisDatabase})
                        ON CONFLICT (region) DO UPDATE SET database = excluded.database WHERE feed.database = ''
                        """,
                        [region.ToString(), Incarnation.New().ToString()], cancellation).ConfigureAwait(false);
                    var found = await connection.ListAsync(
                        row => (row.GetString(0), row.GetString(1)),
                        "SELECT database, current_setting('synchronous_standby_names') FROM feeds WHERE region = $1",
                        [region.ToString()], cancellation).ConfigureAwait(false);
                    return found[0];
                },
                cancellation).ConfigureAwait(false);
            database.Continuity.Begin(written);
            var store = new PostgreSqlMetadataStore(database, region, time, calls) { WaitsForStandby = standbys.Length > 0 };
            database.Continuity.Recover(); // The ends of the feeds are read whatever their data.
            await store._listener.StartAsync(cancellation).ConfigureAwait(false);
            return store;
        }
        catch
        {
            await database.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Reads as pulls do, once: whoever asks is to hear how it is now.</summary>
    /// <inheritdoc/>
    public Task CheckReadAsync(CancellationToken cancellation = default) =>
        _database.CheckAsync("SELECT count(*) FROM ledgers WHERE id = 0", cancellation);

    /// <summary>Commits a transaction that writes a row as it is, which fails where the database is full or read-only.</summary>
    /// <inheritdoc/>
    public Task CheckWriteAsync(CancellationToken cancellation = default) =>
        _database.CheckAsync("UPDATE schema_version SET version = version", cancellation);

    /// <summary>Completes the writes that wait, then closes the connections. A container does it once for each port.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, true)) return;
        await _writer.DisposeAsync().ConfigureAwait(false);
        await _listener.DisposeAsync().ConfigureAwait(false);
        await _database.DisposeAsync().ConfigureAwait(false);
    }

    private async ValueTask<IReadOnlyList<T>> ListAsync<T>(
        Func<NpgsqlDataReader, T> read, string sql, object[] values, CancellationToken cancellation,
        [CallerMemberName] string operation = "") =>
        await _database.RunAsync(
            (connection, cancellation) => connection.ListAsync(read, sql, values, cancellation), cancellation, operation: operation)
            .ConfigureAwait(false);

    private async ValueTask<T?> FindAsync<T>(
        Func<NpgsqlDataReader, T> read, string sql, object[] values, CancellationToken cancellation,
        [CallerMemberName] string operation = "")
        where T : struct
    {
        var rows = await ListAsync(read, sql, values, cancellation, operation).ConfigureAwait(false);
        return rows.Count > 0 ? rows[0] : null;
    }

    /// <summary>Runs statements in a transaction of their own. Each may be carried out twice, where the answer is lost.</summary>
    private Task WriteAsync(Action<StatementBatch> add, CancellationToken cancellation, [CallerMemberName] string operation = "") =>
        ReadWriteAsync<object?>(
            batch =>
            {
                add(batch);
                return static () => null;
            },
            cancellation,
            operation);

    /// <summary>Runs statements in a transaction of their own, and gives what they came to.</summary>
    private Task<T> ReadWriteAsync<T>(
        Func<StatementBatch, Func<T>> add, CancellationToken cancellation, [CallerMemberName] string operation = "")
    {
        cancellation.ThrowIfCancellationRequested();
        return _database.RunAsync(
            async (connection, _) =>
            {
                var batch = new StatementBatch(connection);
                await using (batch.ConfigureAwait(false))
                {
                    var result = add(batch);
                    await batch.RunAsync(CancellationToken.None).ConfigureAwait(false);
                    return result();
                }
            },
            cancellation,
            operation: operation);
    }

    private Task<long> WriteNumberAsync(
        string sql, object[] values, CancellationToken cancellation, [CallerMemberName] string operation = "") =>
        ReadWriteAsync<long>(
            batch =>
            {
                var number = 0L;
                batch.Read(sql, row => number = row.IsDBNull(0) ? 0 : row.GetInt64(0), values);
                return () => number;
            },
            cancellation,
            operation);
}
