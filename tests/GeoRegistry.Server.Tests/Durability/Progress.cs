using System.Collections.Concurrent;

namespace GeoRegistry.Server.Tests.Durability;

/// <summary>
/// Counts the steps of all writers (requests begun, pieces of bodies sent, answers), so that a kill can come at any one
/// of them.
/// </summary>
internal sealed class Progress
{
    private readonly ConcurrentDictionary<long, TaskCompletionSource> _awaited = new();
    private long _steps;

    public void Step()
    {
        if (_awaited.TryRemove(Interlocked.Increment(ref _steps), out var reached)) reached.SetResult();
    }

    /// <summary>Ends with the step that is this many after the next.</summary>
    public Task AfterAsync(int steps) =>
        _awaited.GetOrAdd(
            Interlocked.Read(ref _steps) + steps,
            _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
}
