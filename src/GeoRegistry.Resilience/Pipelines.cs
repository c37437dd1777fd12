using Microsoft.Extensions.Logging.Abstractions;
using Polly;
using Polly.Hedging;
using Polly.Retry;
using Polly.Telemetry;

namespace GeoRegistry.Resilience;

/// <summary>All retries and hedges of a region, and their values. Circuits and limits are in <see cref="Circuit"/>.</summary>
/// <remarks>
/// What is retried may be done twice: reads, and writes that are known by an id or by the ledger's head. What a client asks another
/// region to write is sent once. Each retry has jitter, so that regions that lost the same peer do not come back at the same moment.
/// </remarks>
public static class Pipelines
{
    /// <summary>The name of Polly's meter.</summary>
    public const string MeterName = "Polly";

    /// <summary>
    /// How long until a region is asked again for its feed: the first time, and at most. A region that is back is followed after
    /// at most that long.
    /// </summary>
    private static readonly TimeSpan FirstFeedDelay = TimeSpan.FromMilliseconds(100), LongestFeedDelay = TimeSpan.FromSeconds(2);

    /// <summary>
    /// A blob that breaks off is asked for again after 0.2, 0.4, 0.8 and 1.6 s: readers wait that long before they get an error.
    /// </summary>
    private static readonly TimeSpan FirstFetchDelay = TimeSpan.FromMilliseconds(200);

    private const int FetchRetries = 4;

    /// <summary>A database that restarts is asked soon and not often: its own start takes longer the more it is asked.</summary>
    private static readonly TimeSpan FirstStoreDelay = TimeSpan.FromMilliseconds(20), LongestStoreDelay = TimeSpan.FromMilliseconds(500);

    // Counted and not logged: a region that is away is tried again for as long as that lasts, and the region's own logs say it once.
    private static readonly TelemetryOptions Telemetry = new() { LoggerFactory = NullLoggerFactory.Instance };

    private static readonly ResiliencePropertyKey<long> Began = new("began");

    /// <summary>Asks for a feed until the region answers.</summary>
    /// <typeparam name="TFailure">The failure to reach it.</typeparam>
    /// <param name="retrying">Is called before each further attempt.</param>
    /// <param name="clock">The time.</param>
    public static ResiliencePipeline Feed<TFailure>(Action retrying, TimeProvider clock)
        where TFailure : Exception => new ResiliencePipelineBuilder { TimeProvider = clock }
        .AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = new PredicateBuilder().Handle<TFailure>(),
            MaxRetryAttempts = int.MaxValue,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = FirstFeedDelay,
            MaxDelay = LongestFeedDelay,
            OnRetry = _ =>
            {
                retrying();
                return default;
            },
        })
        .CountedAs("feed").Build();

    /// <summary>Asks for a blob again that broke off.</summary>
    /// <param name="brokeOff">Whether an outcome is of that kind.</param>
    /// <param name="clock">The time.</param>
    public static ResiliencePipeline<T> Fetch<T>(Predicate<T> brokeOff, TimeProvider clock) =>
        new ResiliencePipelineBuilder<T> { TimeProvider = clock }
            .AddRetry(new RetryStrategyOptions<T>
            {
                ShouldHandle = new PredicateBuilder<T>().HandleResult(outcome => brokeOff(outcome)),
                MaxRetryAttempts = FetchRetries,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = FirstFetchDelay,
            })
            .CountedAs("fetch").Build();

    /// <summary>Runs again what a store was away for.</summary>
    /// <param name="isAway">Whether a failure is of that kind.</param>
    /// <param name="longest">How long after the begin it is still tried again; see <see cref="RunStoreAsync"/>.</param>
    /// <param name="clock">The time.</param>
    public static ResiliencePipeline Store(Func<Exception, bool> isAway, TimeSpan longest, TimeProvider clock) =>
        new ResiliencePipelineBuilder { TimeProvider = clock }
            .AddRetry(new RetryStrategyOptions
            {
                MaxRetryAttempts = int.MaxValue,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = FirstStoreDelay,
                MaxDelay = LongestStoreDelay,
                ShouldHandle = attempt => ValueTask.FromResult(
                    attempt.Outcome.Exception is { } failure && isAway(failure)
                        && clock.GetElapsedTime(attempt.Context.Properties.GetValue(Began, 0)) < longest),
            })
            .CountedAs("store").Build();

    /// <summary>Runs work by a pipeline of <see cref="Store"/>, whose time begins now.</summary>
    public static async ValueTask<T> RunStoreAsync<TState, T>(
        this ResiliencePipeline pipeline, Func<TState, CancellationToken, ValueTask<T>> work, TState state, TimeProvider clock,
        CancellationToken cancellation)
    {
        var context = ResilienceContextPool.Shared.Get(cancellation);
        context.Properties.Set(Began, clock.GetTimestamp());
        try
        {
            return await pipeline.ExecuteAsync(
                static (context, run) => run.work(run.state, context.CancellationToken), context, (work, state)).ConfigureAwait(false);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    /// <summary>Asks a second source as well where the first has not answered in time, and takes the first answer.</summary>
    /// <param name="isAnswer">Whether an outcome is an answer; where neither is, one of the two outcomes is given.</param>
    /// <param name="second">Asks the other source; null where there is none or it may not be asked now.</param>
    /// <param name="delay">How long the first has.</param>
    /// <param name="clock">The time.</param>
    /// <remarks>The one that is not taken is cancelled, and what it answers is disposed. A first source that fails is no reason.</remarks>
    public static ResiliencePipeline<T> Hedge<T>(
        Predicate<T> isAnswer, Func<Func<CancellationToken, Task<T>>?> second, TimeSpan delay, TimeProvider clock) =>
        new ResiliencePipelineBuilder<T> { TimeProvider = clock }
            .AddHedging(new HedgingStrategyOptions<T>
            {
                ShouldHandle = new PredicateBuilder<T>().HandleResult(outcome => !isAnswer(outcome)),
                MaxHedgedAttempts = 1,
                Delay = delay,
                ActionGenerator = hedge => second() is not { } ask
                    ? null
                    : async () =>
                    {
                        var context = hedge.ActionContext;
                        return Outcome.FromResult(
                            await ask(context.CancellationToken).ConfigureAwait(context.ContinueOnCapturedContext));
                    },
            })
            .CountedAs("hedge").Build();

    /// <summary>Has Polly count what a pipeline does, under a name.</summary>
    internal static TBuilder CountedAs<TBuilder>(this TBuilder builder, string name)
        where TBuilder : ResiliencePipelineBuilderBase
    {
        builder.Name = name;
        return builder.ConfigureTelemetry(Telemetry);
    }
}
