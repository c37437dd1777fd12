using System.Runtime.CompilerServices;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Resilience;
using Npgsql;
using Polly;

namespace GeoRegistry.Storage.PostgreSql.Connections;

/// <summary>The connections to a region's database, and how long it is tried again while it is away.</summary>
internal sealed class PostgreSqlDatabase : IAsyncDisposable
{
    /// <summary>The channel on which writers tell followers that a feed has grown.</summary>
    public const string FeedChannel = "georegistry_feed";

    private const int ConnectTimeoutSeconds = 5, CommandTimeoutSeconds = 30;

    /// <summary>How soon it is noticed that a machine is gone on whose commit nobody may cut the wait short.</summary>
    private const int KeepAliveSeconds = 5;

    /// <summary>A writer that is frozen between two statements holds its locks no longer than this.</summary>
    private const int IdleInTransactionMilliseconds = 10_000;

    /// <summary>How often a transaction is run again because of others.</summary>
    private const int MaxConflicts = 20;

    private readonly StoreCalls _calls;
    private readonly NpgsqlDataSource _source;
    private readonly ResiliencePipeline _retries;
    private readonly Circuit _circuit;
    private readonly TimeProvider _time;
    private readonly TimeSpan _retryTimeout;

    /// <summary>Opens connections as they are needed.</summary>
    /// <param name="options">Where the database is.</param>
    /// <param name="time">The clock of retries.</param>
    /// <param name="calls">Measures what is run, retries and waiting for a connection included.</param>
    public PostgreSqlDatabase(PostgreSqlOptions options, TimeProvider time, StoreCalls calls)
    {
        _calls = calls;

        // A file of this machine has no machine on its other side that could be gone, and refuses what is for TCP.
        var isSocketFile = new NpgsqlConnectionStringBuilder(options.ConnectionString).Host!.StartsWith('/');
        ConnectionString = new NpgsqlConnectionStringBuilder(options.ConnectionString)
        {
            ApplicationName = "georegistry",
            SearchPath = options.Schema,
            MaxPoolSize = options.MaxConnections,
            Timeout = ConnectTimeoutSeconds,
            CommandTimeout = CommandTimeoutSeconds,
            TcpKeepAlive = !isSocketFile,
            TcpKeepAliveTime = isSocketFile ? 0 : KeepAliveSeconds,
            TcpKeepAliveInterval = isSocketFile ? 0 : KeepAliveSeconds,
            NoResetOnClose = true,
            Options = $"-c idle_in_transaction_session_timeout={IdleInTransactionMilliseconds}",
        };
        if (options.HasSeveralHosts)
        {
            // Whichever is the primary; one that was promoted is found within a second.
            ConnectionString.TargetSessionAttributes = "primary";
            ConnectionString.HostRecheckSeconds = 1;
        }

        _source = new NpgsqlDataSourceBuilder(ConnectionString.ConnectionString)
            .UsePhysicalConnectionInitializer(static _ => throw new NotSupportedException(), Continuity.CheckAsync)
            .Build();
        (_time, _retryTimeout) = (time, options.RetryTimeout);
        _retries = Pipelines.Store(PostgreSqlFaults.IsTransient, options.RetryTimeout, time);
        _circuit = new Circuit("metadata", options.MaxWaiting, PostgreSqlFaults.IsTransient, time);
    }

    /// <summary>Whether the data is still what this region wrote last, as each connection says when it is opened.</summary>
    public DatabaseContinuity Continuity { get; } = new();

    /// <summary>The name of the advisory lock that every server of the region shares while it runs.</summary>
    public string ServedLock => ServedLockOf(ConnectionString.SearchPath!);

    /// <summary>The options as a connection has them.</summary>
    public NpgsqlConnectionStringBuilder ConnectionString { get; }

    /// <summary>The name of the lock of <see cref="ServedLock"/> for a schema.</summary>
    public static string ServedLockOf(string schema) => $"georegistry servers {schema}";

    /// <summary>Runs what may run any number of times, and runs it again while the database is away.</summary>
    /// <param name="work">The work.</param>
    /// <param name="mayTakeLong">Whether it may take long though the database is well, such as a commit that waits for a standby.</param>
    /// <param name="operation">What it is called in metrics and traces.</param>
    /// <exception cref="StoreUnavailableException">The database stayed away; or it is not asked, as it was away for the last ones
    /// (<see cref="Circuit"/>), or as many wait for it as may.</exception>
    public Task<T> RunAsync<T>(
        Func<NpgsqlConnection, CancellationToken, Task<T>> work, CancellationToken cancellation, bool mayTakeLong = false,
        [CallerMemberName] string operation = "") =>
        _calls.RunAsync(operation, () => RetryAsync(work, mayTakeLong, cancellation)).AsTask();

    /// <summary>As <see cref="RunAsync"/>, and runs it again, too, where another writer came between.</summary>
    public Task<T> RunAgainAsync<T>(
        Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellation, bool mayTakeLong = false,
        [CallerMemberName] string operation = "") =>
        _calls.RunAsync(operation, () => RepeatAsync(work, mayTakeLong, cancellation)).AsTask();

    /// <summary>Runs what must not run twice, such as what hands rows on while it reads them.</summary>
    public Task<T> RunOnceAsync<T>(
        Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellation, [CallerMemberName] string operation = "") =>
        _calls.RunAsync(operation, () => TryAsync(work, cancellation)).AsTask();

    /// <summary>
    /// Asks the database whether it is back, where it is not asked as it was away. To be called when it is heard of again.
    /// </summary>
    public async Task TryCloseCircuitAsync(CancellationToken cancellation)
    {
        if (!_circuit.IsOpen) return;
        try
        {
            await RunAsync((connection, cancellation) => connection.ExecuteAsync("SELECT 1", [], cancellation), cancellation)
                .ConfigureAwait(false);
        }
        catch (StoreUnavailableException)
        {
            // It was asked a moment ago, or is away again.
        }
    }

    /// <summary>Runs a statement that finds out how the database is, whatever its data.</summary>
    public Task CheckAsync(string statement, CancellationToken cancellation, [CallerMemberName] string operation = "") =>
        _calls.RunAsync(operation, () => TryCheckAsync(statement, cancellation)).AsTask();

    /// <summary>Waits until what is written goes to data that this region wrote last, as long as the database may be away.</summary>
    public Task AwaitMendAsync() => Continuity.AwaitMendAsync(_retryTimeout, _time);

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    private ValueTask<T> RetryAsync<T>(
        Func<NpgsqlConnection, CancellationToken, Task<T>> work, bool mayTakeLong, CancellationToken cancellation) =>
        WhenReleasedAsync(
            run => run.Self._circuit.RunAsync(
                static (run, cancellation) => run.Self._retries.RunStoreAsync(
                    static (run, cancellation) => run.Self.RunOnConnectionAsync(run.work, cancellation),
                    run,
                    run.Self._time,
                    cancellation),
                run,
                mayTakeLong,
                cancellation),
            (Self: this, work),
            cancellation);

    private async ValueTask<T> RepeatAsync<T>(
        Func<NpgsqlConnection, Task<T>> work, bool mayTakeLong, CancellationToken cancellation)
    {
        for (var conflicts = 1; ; conflicts++)
        {
            try
            {
                return await RetryAsync((connection, _) => work(connection), mayTakeLong, cancellation).ConfigureAwait(false);
            }
            catch (PostgresException e) when (PostgreSqlFaults.IsConflict(e) && conflicts < MaxConflicts)
            {
                // Read and decide again.
            }
        }
    }

    private ValueTask<T> TryAsync<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellation) => WhenReleasedAsync(
        work => RunOnConnectionAsync((connection, _) => work(connection), cancellation), work, cancellation);

    // Where the data is replaced as the connection is opened, nothing was asked yet, and it is run again when the region has recovered.
    private async ValueTask<T> WhenReleasedAsync<TState, T>(
        Func<TState, ValueTask<T>> run, TState state, CancellationToken cancellation)
    {
        while (true)
        {
            await Continuity.AwaitReleaseAsync(_retryTimeout, _time, cancellation).ConfigureAwait(false);
            try
            {
                return await run(state).ConfigureAwait(false);
            }
            catch (DataReplacedException)
            {
                // Wait again.
            }
            catch (NpgsqlException e) when (PostgreSqlFaults.Translate(e) is { } translated)
            {
                throw translated;
            }
            catch (CircuitRefusedException e)
            {
                throw new StoreUnavailableException($"The metadata database {e.Message}.", e);
            }
        }
    }

    private async ValueTask<int> TryCheckAsync(string statement, CancellationToken cancellation)
    {
        try
        {
            var connection = await _source.OpenConnectionAsync(cancellation).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false))
                return await connection.ExecuteAsync(statement, [], cancellation).ConfigureAwait(false);
        }
        catch (NpgsqlException e) when (PostgreSqlFaults.Translate(e) is { } translated)
        {
            throw translated;
        }
    }

    private async ValueTask<T> RunOnConnectionAsync<T>(
        Func<NpgsqlConnection, CancellationToken, Task<T>> work, CancellationToken cancellation)
    {
        var connection = await _source.OpenConnectionAsync(cancellation).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            Continuity.ThrowIfHeld();
            return await work(connection, cancellation).ConfigureAwait(false);
        }
    }
}
