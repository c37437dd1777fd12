namespace GeoRegistry.Ledgers.Stores;

/// <summary>
/// A number that only grows, such as a position or a count of bytes, for which callers can wait. Safe for any number of
/// them.
/// </summary>
/// <param name="position">Where it begins.</param>
public sealed class PositionSignal(long position)
{
    private readonly Lock _changes = new();
    private long _position = position;
    private Exception? _failure;
    private TaskCompletionSource? _moved; // Null while nobody waits.

    /// <summary>Where it is.</summary>
    public long Position => Volatile.Read(ref _position);

    /// <summary>Moves it on; a move back is ignored.</summary>
    public void Advance(long position)
    {
        lock (_changes)
        {
            if (position <= _position) return;
            Volatile.Write(ref _position, position);
            Wake();
        }
    }

    /// <summary>Moves it on by one: for who counts events.</summary>
    public void Advance()
    {
        lock (_changes)
        {
            Volatile.Write(ref _position, _position + 1);
            Wake();
        }
    }

    /// <summary>Ends it: all who wait, or will wait, for what it has not reached get the failure.</summary>
    public void Fail(Exception failure)
    {
        lock (_changes)
        {
            _failure = failure;
            Wake();
        }
    }

    /// <summary>Returns once it is at a position or beyond.</summary>
    /// <param name="position">The position.</param>
    public async Task WaitForAsync(long position, CancellationToken cancellation = default)
    {
        while (NextMove(position) is { } move) await move.WaitAsync(cancellation).ConfigureAwait(false);
    }

    private Task? NextMove(long position)
    {
        if (Position >= position) return null;
        lock (_changes)
        {
            if (_position >= position) return null;
            if (_failure is not null) return Task.FromException(_failure);
            return (_moved ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    private void Wake()
    {
        _moved?.SetResult();
        _moved = null;
    }
}
