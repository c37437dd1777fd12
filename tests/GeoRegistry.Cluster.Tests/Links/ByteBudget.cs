namespace GeoRegistry.Cluster.Tests.Links;

/// <summary>Bounds how many bytes one reader may be ahead of one writer.</summary>
internal sealed class ByteBudget(int bytes)
{
    private readonly Lock _lock = new();
    private TaskCompletionSource? _awaited;
    private long _left = bytes;
    private bool _closed;

    /// <summary>Takes bytes, and ends when there is room for more.</summary>
    /// <returns>Whether there will be any.</returns>
    public async ValueTask<bool> TakeAsync(int count)
    {
        Task room;
        lock (_lock)
        {
            _left -= count;
            if (_closed || _left > 0) return !_closed;
            room = (_awaited = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }

        await room;
        return !_closed;
    }

    public void Give(int count)
    {
        lock (_lock)
        {
            _left += count;
            if (_left > 0) Wake();
        }
    }

    public void Close()
    {
        lock (_lock)
        {
            _closed = true;
            Wake();
        }
    }

    private void Wake()
    {
        _awaited?.TrySetResult();
        _awaited = null;
    }
}
