namespace GeoRegistry.Replication.Peers;

/// <summary>The timeout of a request that may take long as a whole, but not without any progress.</summary>
/// <param name="duration">How long it may take to the next progress.</param>
/// <param name="clock">Measures the time.</param>
public sealed class ProgressTimeout(TimeSpan duration, TimeProvider clock) : IDisposable
{
    private readonly CancellationTokenSource _source = new(duration, clock);

    /// <summary>How long it may take to the next progress.</summary>
    public TimeSpan Duration => duration;

    /// <summary>Is cancelled when the time has passed.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>There was progress: the time counts from now.</summary>
    public void Restart() => _source.CancelAfter(duration);

    /// <summary>No time counts until the next <see cref="Restart"/>: somebody else is waited for.</summary>
    public void Suspend() => _source.CancelAfter(Timeout.InfiniteTimeSpan);

    /// <inheritdoc/>
    public void Dispose() => _source.Dispose();
}
