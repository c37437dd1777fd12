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
        RetryTimeout = options.RetryTimeout;
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

    /// <summary>How long a write is tried again while the database is away.</summary>
    public TimeSpan RetryTimeout { get; }

    /// <summary>A connection, the caller's until it disposes it.</summary>
    public ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellation) => _source.OpenConnectionAsync(cancellation);

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
        catch (Exception e) when (PostgreSqlFaults.IsTransient(e))
        {
            throw PostgreSqlFaults.Translate(e);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    public ValueTask DisposeAsync() => _source.DisposeAsync();
}
