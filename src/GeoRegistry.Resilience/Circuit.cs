using Polly;
using Polly.CircuitBreaker;
using Polly.RateLimiting;

namespace GeoRegistry.Resilience;

/// <summary>
/// All calls to one peer or one store: how many may be under way, and that none is made for a moment where the last ones failed.
/// </summary>
/// <remarks>
/// It opens where half of the calls of <see cref="Window"/> failed, <see cref="MinCalls"/> at least; then calls are refused at once for
/// <see cref="Break"/>, after which one call is let through and decides. So what is back is used again after <see cref="Break"/> and the
/// time of that call, for which a call that may take long is not taken. A call that its caller cancels says nothing against the callee.
/// </remarks>
public sealed class Circuit
{
    /// <summary>How many calls must have ended in the window: one or two failures are everyday.</summary>
    public const int MinCalls = 3;

    /// <summary>Which share of them must have failed.</summary>
    public const double FailureShare = 0.5;

    /// <summary>The time whose calls count: so long, too, a callee that fails now is trusted for earlier answers.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(5);

    /// <summary>How long no call is made: short, as reports to a home and readers of a store wait for it.</summary>
    public static readonly TimeSpan Break = TimeSpan.FromSeconds(1);

    private readonly CircuitBreakerStateProvider _state = new();
    private readonly CircuitBreakerManualControl _control = new();
    private readonly ResiliencePipeline _pipeline;
    private readonly int _maxUnderWay;

    /// <summary>A circuit that is closed.</summary>
    /// <param name="name">The callee, by which refusals are counted.</param>
    /// <param name="maxUnderWay">How many calls may be under way.</param>
    /// <param name="isFailure">Whether an exception is the callee's fault.</param>
    /// <param name="clock">The time.</param>
    public Circuit(string name, int maxUnderWay, Func<Exception, bool> isFailure, TimeProvider clock)
    {
        _maxUnderWay = maxUnderWay;
        _pipeline = new ResiliencePipelineBuilder { TimeProvider = new SteadyClock(clock) }
            .AddConcurrencyLimiter(maxUnderWay)
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions
            {
                FailureRatio = FailureShare,
                MinimumThroughput = MinCalls,
                SamplingDuration = Window,
                BreakDuration = Break,
                StateProvider = _state,
                ManualControl = _control,
                ShouldHandle = call => ValueTask.FromResult(call.Outcome.Exception is { } failure && isFailure(failure)),
            })
            .CountedAs(name).Build();
    }

    /// <summary>Whether the last calls failed, so that calls are refused or tried one at a time.</summary>
    public bool IsOpen => _state.CircuitState != CircuitState.Closed;

    /// <summary>Forgets the last failures, as the callee is known to be back: calls are made again.</summary>
    public Task CloseAsync() => IsOpen ? _control.CloseAsync() : Task.CompletedTask;

    /// <summary>Makes a call.</summary>
    /// <param name="work">The call.</param>
    /// <param name="state">What it needs.</param>
    /// <param name="mayTakeLong">Whether it may take long though the callee is well. Such a call is never the one that is let through
    /// to see whether the callee is back: all others would wait for it.</param>
    /// <exception cref="CircuitRefusedException">It was not made.</exception>
    public async ValueTask<T> RunAsync<TState, T>(
        Func<TState, CancellationToken, ValueTask<T>> work, TState state, bool mayTakeLong, CancellationToken cancellation)
    {
        if (mayTakeLong && IsOpen) throw new CircuitRefusedException(Failed(Break), null);
        try
        {
            return await _pipeline.ExecuteAsync(
                static (call, cancellation) => call.work(call.state, cancellation), (work, state), cancellation).ConfigureAwait(false);
        }
        catch (BrokenCircuitException e)
        {
            throw new CircuitRefusedException(Failed(e.RetryAfter ?? Break), e);
        }
        catch (RateLimiterRejectedException e)
        {
            throw new CircuitRefusedException($"has {_maxUnderWay} requests under way, as many as it may", e);
        }
    }

    private static string Failed(TimeSpan left) => FormattableString.Invariant(
        $"failed the last requests and is not asked before it is tried again, in {left.TotalSeconds:0.0} s");
}

/// <summary>A call was not made, as the callee failed the last ones or has too many under way.</summary>
/// <param name="reason">Why, as the end of a sentence whose subject is the callee.</param>
/// <param name="cause">What the pipeline reported; null where it was not asked.</param>
public sealed class CircuitRefusedException(string reason, Exception? cause) : Exception(reason, cause);
