using System.Diagnostics;

namespace GeoRegistry.Cluster.Tests.Links;

/// <summary>
/// Wakes within a millisecond of the moment: the runtime's own timers are several milliseconds late, which a delay of 40
/// must not be.
/// </summary>
internal sealed class LinkClock
{
    public static readonly LinkClock Shared = new();

    private readonly object _lock = new();
    private readonly PriorityQueue<TaskCompletionSource, long> _waiting = new();

    private LinkClock() =>
        new Thread(Run) { IsBackground = true, Name = nameof(LinkClock), Priority = ThreadPriority.AboveNormal }.Start();

    /// <summary>Now, in ticks of <see cref="Stopwatch"/>.</summary>
    public static long Now => Stopwatch.GetTimestamp();

    public static long Ticks(TimeSpan time) => (long)(time.TotalSeconds * Stopwatch.Frequency);

    /// <summary>Ends at the moment.</summary>
    /// <param name="moment">In ticks of <see cref="Stopwatch"/>.</param>
    public Task UntilAsync(long moment)
    {
        if (moment <= Now) return Task.CompletedTask;
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            _waiting.Enqueue(reached, moment);
            if (_waiting.Peek() == reached) Monitor.Pulse(_lock);
        }

        return reached.Task;
    }

    private void Run()
    {
        List<TaskCompletionSource> reached = [];
        while (true)
        {
            lock (_lock)
            {
                while (!TryTake(reached, out var wait)) Monitor.Wait(_lock, wait);
            }

            foreach (var waiting in reached) waiting.SetResult();
            reached.Clear();
        }
    }

    private bool TryTake(List<TaskCompletionSource> reached, out TimeSpan wait)
    {
        wait = Timeout.InfiniteTimeSpan;
        while (_waiting.TryPeek(out var next, out var moment))
        {
            var ahead = moment - Now;
            if (ahead > 0)
            {
                wait = TimeSpan.FromMilliseconds(Math.Ceiling(1000.0 * ahead / Stopwatch.Frequency));
                break;
            }

            reached.Add(next);
            _waiting.Dequeue();
        }

        return reached.Count > 0;
    }
}
