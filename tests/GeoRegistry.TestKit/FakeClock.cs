namespace GeoRegistry.TestKit;

/// <summary>A clock that moves only when a test moves it.</summary>
/// <param name="start">What it shows first.</param>
public sealed class FakeClock(DateTimeOffset start) : TimeProvider
{
    private long _elapsedTicks;

    /// <summary>A clock that begins now, for tests in which the file system gives times too.</summary>
    public static FakeClock FromNow() => new(System.GetUtcNow());

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        Interlocked.Add(ref _elapsedTicks, by.Ticks);
    }

    public override DateTimeOffset GetUtcNow() => start + TimeSpan.FromTicks(GetTimestamp());

    public override long GetTimestamp() => Interlocked.Read(ref _elapsedTicks);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        throw new NotSupportedException("This clock has no timers: a test that needs one awaits an event instead.");
}
