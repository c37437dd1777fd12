namespace GeoRegistry.TestKit;

/// <summary>Bounds a loop that goes on until something comes; what never came is named.</summary>
/// <param name="name">What ends the loop, for the message where it does not come.</param>
/// <param name="timeout">How long the loop may go on; null for <see cref="Waiting.DefaultTimeout"/>.</param>
public sealed class LoopDeadline(string name, TimeSpan? timeout = null)
{
    private readonly long _began = TimeProvider.System.GetTimestamp();
    private readonly TimeSpan _timeout = timeout ?? Waiting.DefaultTimeout;

    /// <summary>Asked in every round.</summary>
    /// <exception cref="TimeoutException">The loop has gone on for too long.</exception>
    public void Check()
    {
        if (TimeProvider.System.GetElapsedTime(_began) >= _timeout) throw Waiting.NeverCame(name, _timeout);
    }
}
