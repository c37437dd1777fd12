using Microsoft.Extensions.Logging;

namespace GeoRegistry.Replication.Hydration;

/// <summary>
/// Failures of this region's own stores. They are no blob's fault: hydration pauses, each time twice as long, until
/// something is stored again.
/// </summary>
/// <remarks>
/// The log has one line when the stores begin to fail and one when they work again, however many blobs are tried
/// meanwhile.
/// </remarks>
internal sealed partial class HydrationPause(TimeProvider clock, ILogger logger)
{
    /// <summary>How long hydration pauses the first time; each time twice as long, up to the longest.</summary>
    internal static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1), LongestPause = TimeSpan.FromMinutes(1);

    private readonly Lock _changes = new();
    private TimeSpan _pause; // Zero while the stores work.
    private DateTimeOffset _until;

    /// <summary>How much longer hydration is to pause; zero where it need not.</summary>
    public TimeSpan Remaining
    {
        get
        {
            lock (_changes)
            {
                var left = _until - clock.GetUtcNow();
                return _pause > TimeSpan.Zero && left > TimeSpan.Zero ? left : TimeSpan.Zero;
            }
        }
    }

    /// <summary>Records a failure. What fails during a pause was begun before it, and does not make it longer.</summary>
    public void Failed(Exception failure) => Failed(failure.Message, failure);

    /// <inheritdoc cref="Failed(Exception)"/>
    public void Failed(string reason, Exception? failure = null)
    {
        bool isFirst;
        lock (_changes)
        {
            if (Remaining > TimeSpan.Zero) return;
            isFirst = _pause == TimeSpan.Zero;
            _pause = isFirst ? FirstPause : TimeSpan.FromTicks(Math.Min(_pause.Ticks * 2, LongestPause.Ticks));
            _until = clock.GetUtcNow() + _pause;
        }

        if (isFirst) LogFailed(failure, reason);
    }

    /// <summary>Records that something was stored.</summary>
    public void Succeeded()
    {
        lock (_changes)
        {
            if (_pause == TimeSpan.Zero) return;
            _pause = TimeSpan.Zero;
        }

        LogWorks();
    }

    /// <summary>Ends the pause: the stores are tried now.</summary>
    public void End()
    {
        lock (_changes) _until = clock.GetUtcNow();
    }

    [LoggerMessage(
        21,
        LogLevel.Error,
        "Blobs cannot be stored in this region. {Reason} "
            + "Hydration pauses and retries, at least every minute; 'georegistry replication retry' retries at once.")]
    private partial void LogFailed(Exception? failure, string reason);

    [LoggerMessage(22, LogLevel.Information, "Blobs can be stored in this region again. Hydration continues.")]
    private partial void LogWorks();
}
