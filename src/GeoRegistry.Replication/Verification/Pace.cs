namespace GeoRegistry.Replication.Verification;

/// <summary>
/// Limits work to a share of one core's time, and reading to so many bytes per second: after each piece it pauses in
/// proportion.
/// </summary>
/// <param name="share">The share, above 0 and at most 1.</param>
/// <param name="bytesPerSecond">The bytes per second.</param>
/// <param name="clock">The time.</param>
internal sealed class Pace(double share, long bytesPerSecond, TimeProvider clock)
{
    /// <summary>Rests are gathered until they are worth a timer.</summary>
    private static readonly TimeSpan ShortestRest = TimeSpan.FromMilliseconds(20);

    private TimeSpan _owed;

    /// <summary>Begins a piece of work.</summary>
    public long Begin() => clock.GetTimestamp();

    /// <summary>Ends a piece of work, and rests.</summary>
    public Task EndAsync(long begun, CancellationToken cancellation, long bytes = 0) =>
        RestAsync(clock.GetElapsedTime(begun), cancellation, bytes);

    /// <summary>Rests after a piece of work.</summary>
    /// <param name="worked">How long it took.</param>
    /// <param name="cancellation">Ends the rest.</param>
    /// <param name="bytes">How many bytes were read.</param>
    public async Task RestAsync(TimeSpan worked, CancellationToken cancellation, long bytes = 0)
    {
        var (byShare, byBytes) = (worked * ((1 / share) - 1), TimeSpan.FromSeconds(bytes / (double)bytesPerSecond) - worked);
        _owed += byShare > byBytes ? byShare : byBytes;
        if (_owed < ShortestRest) return;
        var rest = _owed;
        _owed = TimeSpan.Zero;
        await Task.Delay(rest, clock, cancellation).ConfigureAwait(false);
    }
}
