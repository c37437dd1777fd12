using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;

namespace GeoRegistry.TestKit;

/// <summary>
/// A <see cref="FakeTimeProvider"/> that tells how many timers are active. A test advances the clock only when the code under
/// test waits; FakeTimeProvider does not say when that is.
/// </summary>
/// <param name="start">The time at which it starts.</param>
public sealed class CountingTimeProvider(DateTimeOffset start) : FakeTimeProvider(start)
{
    private readonly ConcurrentDictionary<CountedTimer, long> _dueAt = [];

    /// <summary>Starts now, for tests in which the file system's times count too.</summary>
    public CountingTimeProvider()
        : this(System.GetUtcNow())
    {
    }

    /// <summary>How many timers are set and not yet due.</summary>
    public int ActiveTimers => _dueAt.Values.Count(due => due > GetTimestamp());

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new CountedTimer(
            this, base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan));
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class CountedTimer(CountingTimeProvider clock, ITimer timer) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            // Counted last: whoever sees the timer counted can rely on Advance to call it.
            var dueAt = clock.GetTimestamp() + dueTime.Ticks;
            clock._dueAt.TryRemove(this, out _);
            var isChanged = timer.Change(dueTime, period);
            if (isChanged && dueTime != Timeout.InfiniteTimeSpan) clock._dueAt[this] = period > TimeSpan.Zero ? long.MaxValue : dueAt;
            return isChanged;
        }

        public void Dispose()
        {
            clock._dueAt.TryRemove(this, out _);
            timer.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
