namespace GeoRegistry.TestKit;

/// <summary>A clock that moves only when a test moves it; its timers are due then, in the order of their times.</summary>
/// <param name="start">What it shows first.</param>
public sealed class FakeClock(DateTimeOffset start) : TimeProvider
{
    private readonly Lock _changes = new();
    private readonly List<Timer> _timers = [];
    private long _elapsedTicks;

    /// <summary>A clock that begins now, for tests in which the file system gives times too.</summary>
    public static FakeClock FromNow() => new(System.GetUtcNow());

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>How many timers are set and not yet due: by it a test knows that somebody waits.</summary>
    public int TimersSet
    {
        get
        {
            lock (_changes) return _timers.Count;
        }
    }

    /// <summary>
    /// Moves the clock; timers that are due on the way are called before this returns, and the clock shows their time
    /// then.
    /// </summary>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        var end = GetTimestamp() + by.Ticks;
        while (TakeDue(end) is { } due) due();
        Interlocked.Exchange(ref _elapsedTicks, end);
    }

    public override DateTimeOffset GetUtcNow() => start + TimeSpan.FromTicks(GetTimestamp());

    public override long GetTimestamp() => Interlocked.Read(ref _elapsedTicks);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    private Action? TakeDue(long end)
    {
        lock (_changes)
        {
            var next = _timers.MinBy(timer => timer.Due);
            if (next is null || next.Due > end) return null;
            Interlocked.Exchange(ref _elapsedTicks, Math.Max(_elapsedTicks, next.Due));
            if (next.Period > 0) next.Due += next.Period;
            else _timers.Remove(next);
            return next.Call;
        }
    }

    private sealed class Timer(FakeClock clock, Action call) : ITimer
    {
        public long Due { get; set; }

        public long Period { get; private set; }

        public Action Call => call;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._changes)
            {
                clock._timers.Remove(this);
                if (dueTime == Timeout.InfiniteTimeSpan) return true;
                Due = clock.GetTimestamp() + dueTime.Ticks;
                Period = period == Timeout.InfiniteTimeSpan ? 0 : period.Ticks;
                clock._timers.Add(this);
            }

            if (dueTime == TimeSpan.Zero) clock.Advance(TimeSpan.Zero);
            return true;
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }
    }
}
