using Npgsql;
using Polly;
using Polly.Retry;

namespace GeoRegistry.Storage.PostgreSql.Connections;

/// <summary>The connections to a region's database, and how long it is tried again while it is away.</summary>
internal sealed class PostgreSqlDatabase : IAsyncDisposable
{
    /// <summary>The channel on which writers tell followers that a feed has grown.</summary>
    public const string FeedChannel = "georegistry_feed";

    private const int ConnectTimeoutSeconds = 5, CommandTimeoutSeconds = 30;

    /// <summary>A writer that is frozen between two statements holds its locks no longer than this.</summary>
    private const int IdleInTransactionMilliseconds = 10_000;

    /// <summary>How often a transaction is run again because of others.</summary>
    private const int MaxConflicts = 20;

    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(20), LongestDelay = TimeSpan.FromMilliseconds(500);

    private static readonly ResiliencePropertyKey<long> Began = new("began");

    private readonly NpgsqlDataSource _source;
    private readonly ResiliencePipeline _retries;
    private readonly TimeProvider _time;

    public PostgreSqlDatabase(PostgreSqlOptions options, TimeProvider time)
    {
        ConnectionString = new NpgsqlConnectionStringBuilder(options.ConnectionString)
        {
            ApplicationName = "georegistry",
            SearchPath = options.Schema,
            MaxPoolSize = options.MaxConnections,
            Timeout = ConnectTimeoutSeconds,
            CommandTimeout = CommandTimeoutSeconds,
            NoResetOnClose = true,
            Options = $"-c idle_in_transaction_session_timeout={IdleInTransactionMilliseconds}",
        };
        _source = NpgsqlDataSource.Create(ConnectionString);
        _time = time;
        _retries = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                MaxRetryAttempts = int.MaxValue,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = FirstDelay,
                MaxDelay = LongestDelay,
                ShouldHandle = attempt => ValueTask.FromResult(
                    attempt.Outcome.Exception is { } failure && PostgreSqlFaults.IsTransient(failure)
                        && time.GetElapsedTime(attempt.Context.Properties.GetValue(Began, 0)) < options.RetryTimeout),
            })
            .Build();
    }

    /// <summary>The options as a connection has them.</summary>
    public NpgsqlConnectionStringBuilder ConnectionString { get; }

    /// <summary>Runs what may run any number of times, and runs it again while the database is away.</summary>
    public async Task<T> RunAsync<T>(Func<NpgsqlConnection, CancellationToken, Task<T>> work, CancellationToken cancellation)
    {
        var context = ResilienceContextPool.Shared.Get(cancellation);
        context.Properties.Set(Began, _time.GetTimestamp());
        try
        {
            return await _retries.ExecuteAsync(
                static async (context, state) =>
                {
                    var connection = await state._source.OpenConnectionAsync(context.CancellationToken).ConfigureAwait(false);
                    await using (connection.ConfigureAwait(false))
                        return await state.work(connection, context.CancellationToken).ConfigureAwait(false);
                },
                context,
                (_source, work)).ConfigureAwait(false);
        }
        catch (NpgsqlException e) when (PostgreSqlFaults.Translate(e) is { } translated)
        {
            throw translated;
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    /// <summary>As <see cref="RunAsync"/>, and runs it again, too, where another writer came between.</summary>
    public async Task<T> RunAgainAsync<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellation)
    {
        for (var conflicts = 1; ; conflicts++)
        {
            try
            {
                return await RunAsync((connection, _) => work(connection), cancellation).ConfigureAwait(false);
            }
            catch (PostgresException e) when (PostgreSqlFaults.IsConflict(e) && conflicts < MaxConflicts)
            {
                // Read and decide again.
            }
        }
    }

    /// <summary>Runs what must not run twice, such as what hands rows on while it reads them.</summary>
    public async Task<T> RunOnceAsync<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellation)
    {
        try
        {
            var connection = await _source.OpenConnectionAsync(cancellation).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false)) return await work(connection).ConfigureAwait(false);
        }
        catch (NpgsqlException e) when (PostgreSqlFaults.Translate(e) is { } translated)
        {
            throw translated;
        }
    }

    public ValueTask DisposeAsync() => _source.DisposeAsync();
}
