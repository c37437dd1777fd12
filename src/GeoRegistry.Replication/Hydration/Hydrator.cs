using System.Collections.Concurrent;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Regions.Control;
using Microsoft.Extensions.Logging;

namespace GeoRegistry.Replication.Hydration;

/// <summary>Brings the blobs that commits await into this region, the newest first, some at a time from each region.</summary>
public sealed partial class Hydrator(
    RegionMap map, IHydrationQueue queue, BlobFetches fetches, ReplicationOptions options, TimeProvider clock, ILogger<Hydrator> logger)
{
    /// <summary>How long a blob that could not be fetched waits the first time; each time twice as long, up to the longest.</summary>
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(500), LongestDelay = TimeSpan.FromMinutes(5);

    /// <summary>How long blobs wait while the regions that may have them cannot be reached.</summary>
    private static readonly TimeSpan UnreachableDelay = TimeSpan.FromSeconds(1);

    /// <summary>How often the queue is looked at though nothing has happened: for what was deferred.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(500);

    private readonly PositionSignal _news = new(0);

    /// <summary>Tells it that something was queued.</summary>
    public void Wake() => _news.Advance();

    /// <summary>Tells it that blobs are to be tried now, though this region's store may still fail.</summary>
    public void RetryNow()
    {
        fetches.Pause.End();
        Wake();
    }

    /// <summary>Hydrates what is to come from one region first, until it is cancelled.</summary>
    public async Task RunAsync(RegionId from, CancellationToken stopping)
    {
        var running = new ConcurrentDictionary<Digest, Task>();
        var isRetryNext = false;
        while (!stopping.IsCancellationRequested)
        {
            var news = _news.Position;
            try
            {
                var isPaused = fetches.Pause.Remaining > TimeSpan.Zero;
                var free = isPaused ? 0 : options.HydrationParallelism - running.Count;
                var ready = free == 0
                    ? []
                    : await queue.ReadReadyAsync(
                        from, clock.GetUtcNow(), options.HydrationParallelism + running.Count, stopping).ConfigureAwait(false);
                var jobs = Choose(ready.Where(job => !running.ContainsKey(job.Digest)), free, ref isRetryNext);
                foreach (var job in jobs) Begin(job, running, stopping);
                if (jobs.Count > 0 && jobs.Count == free) continue;
                await WaitAsync(news, running, stopping).ConfigureAwait(false);
            }
            catch (Exception failure) when (!stopping.IsCancellationRequested)
            {
                fetches.Pause.Failed(failure);
                await Task.Delay(UnreachableDelay, clock, stopping).ConfigureAwait(false);
            }
        }
    }

    // New blobs and those that failed take turns: neither a backlog nor a region that cannot be reached may hold up the others.
    private static List<HydrationJob> Choose(IEnumerable<HydrationJob> ready, int count, ref bool isRetryNext)
    {
        var kinds = ready.ToLookup(job => job.Error is not null);
        var (retries, fresh) = (new Queue<HydrationJob>(kinds[true]), new Queue<HydrationJob>(kinds[false]));
        var chosen = new List<HydrationJob>();
        while (chosen.Count < count && retries.Count + fresh.Count > 0)
        {
            var isRetry = fresh.Count == 0 || (isRetryNext && retries.Count > 0);
            chosen.Add(isRetry ? retries.Dequeue() : fresh.Dequeue());
            isRetryNext = !isRetry;
        }

        return chosen;
    }

    // It is among those that run before it runs: it may end at once, and then takes itself out.
    private void Begin(HydrationJob job, ConcurrentDictionary<Digest, Task> running, CancellationToken stopping)
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        running[job.Digest] = HydrateAsync(job, begun.Task, running, stopping);
        begun.SetResult();
    }

    private async Task WaitAsync(long news, ConcurrentDictionary<Digest, Task> running, CancellationToken stopping)
    {
        using var wait = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var events = running.Values.Append(Task.Delay(LookInterval, clock, wait.Token));
        if (running.Count < options.HydrationParallelism) events = events.Append(_news.WaitForAsync(news + 1, wait.Token));
        await Task.WhenAny(events).ConfigureAwait(false);
        await wait.CancelAsync().ConfigureAwait(false);
        stopping.ThrowIfCancellationRequested();
    }

    private async Task HydrateAsync(HydrationJob job, Task begun, ConcurrentDictionary<Digest, Task> running, CancellationToken stopping)
    {
        try
        {
            await begun.ConfigureAwait(false);
            var outcome = await fetches.FetchAsync(job.Digest, job.SizeBytes, job.From).ConfigureAwait(false);
            if (outcome is not FetchOutcome.Stored) await DeferAsync(job, outcome, stopping).ConfigureAwait(false);
        }
        catch (Exception failure) when (!stopping.IsCancellationRequested)
        {
            fetches.Pause.Failed(failure);
        }
        catch (Exception)
        {
            // The server stops; the queue keeps the blob.
        }
        finally
        {
            running.TryRemove(job.Digest, out _);
        }
    }

    private async Task DeferAsync(HydrationJob job, FetchOutcome outcome, CancellationToken stopping)
    {
        var now = clock.GetUtcNow();
        if (outcome is FetchOutcome.Failed { Fault: not FetchFault.Copies } notItsFault)
        {
            var pause = notItsFault.Fault == FetchFault.Store ? fetches.Pause.Remaining : TimeSpan.Zero;
            await queue.DeferAsync(job.Digest, notItsFault.Reason, now + (pause > UnreachableDelay ? pause : UnreachableDelay),
                countAttempt: false, stopping).ConfigureAwait(false);
            return;
        }

        // A blob that was deleted while it was awaited is nowhere any more, and need not come.
        if (await fetches.TryDropAsync(job.Digest, stopping).ConfigureAwait(false)) return;
        var reason = outcome is FetchOutcome.Failed failed
            ? failed.Reason : $"none of the regions {string.Join(", ", map.Others.Select(region => region.Id))} has it";
        var isDead = job.Attempts + 1 >= options.HydrationAttempts;
        if (isDead) LogDeadLetter(job.Digest, job.Repository, job.Attempts + 1, reason);
        DateTimeOffset? notBefore = isDead ? null : now + Backoff.After(job.Attempts, FirstDelay, LongestDelay);
        await queue.DeferAsync(job.Digest, reason, notBefore, countAttempt: true, stopping).ConfigureAwait(false);
    }

    [LoggerMessage(
        1,
        LogLevel.Error,
        "The blob {Digest} of {Repository} is a dead letter after {Attempts} attempts: {Reason}. "
            + "'georegistry replication retry' tries it again.")]
    private partial void LogDeadLetter(Digest digest, string repository, int attempts, string reason);
}
