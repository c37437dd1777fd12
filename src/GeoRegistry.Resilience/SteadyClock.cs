namespace GeoRegistry.Resilience;

/// <summary>A clock that is never set: pipelines measure by the time of day, and a break must not last until that is set right.</summary>
internal sealed class SteadyClock(TimeProvider clock) : TimeProvider
{
    private readonly DateTimeOffset _begin = clock.GetUtcNow();
    private readonly long _beginTimestamp = clock.GetTimestamp();

    public override long TimestampFrequency => clock.TimestampFrequency;

    public override long GetTimestamp() => clock.GetTimestamp();

    public override DateTimeOffset GetUtcNow() => _begin + clock.GetElapsedTime(_beginTimestamp);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        clock.CreateTimer(callback, state, dueTime, period);
}
