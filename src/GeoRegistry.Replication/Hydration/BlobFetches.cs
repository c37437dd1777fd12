using System.Collections.Concurrent;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Regions.Control;
using GeoRegistry.Replication.Peers;
using GeoRegistry.Replication.Status;
using GeoRegistry.Repositories;
using Microsoft.Extensions.Logging;

namespace GeoRegistry.Replication.Hydration;

/// <summary>The blobs on their way into this region: each is fetched once, whoever wants it.</summary>
public sealed partial class BlobFetches(
    RegionMap map,
    IBlobStore store,
    PeerClient peers,
    IHydrationQueue queue,
    Latencies latencies,
    TimeProvider clock,
    ILogger<BlobFetches> logger,
    IBlobCopies? copies = null) : IAsyncDisposable
{
    /// <summary>How old what a fetch left must be to be discarded: until then another fetch may resume it.</summary>
    internal static readonly TimeSpan LeftoverExpiry = TimeSpan.FromDays(1);

    private readonly ConcurrentDictionary<Digest, Running> _running = new();
    private readonly DamagedCopies _damaged = new(logger);
    private readonly ReadThroughSlots _slots = new(clock);
    private readonly StoreCopies? _copies = copies is null ? null : new StoreCopies(peers, copies, clock, logger);
    private readonly SemaphoreSlim _sweeping = new(1);
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>
    /// Grows with every blob that is fetched, and every other that completes a commit: by it those who wait for a commit
    /// look again.
    /// </summary>
    public PositionSignal Completions { get; } = new(0);

    /// <summary>The failures of this region's own stores.</summary>
    internal HydrationPause Pause { get; } = new(clock, logger);

    /// <summary>Opens a blob that is not here, for a client.</summary>
    /// <returns>A reader; null where no region has the blob.</returns>
    /// <exception cref="OtherRegionsUnreachableException">No region that can be reached has an intact copy.</exception>
    /// <exception cref="RegionUnavailableException">This region cannot store it, or fetches as many blobs for clients as it
    /// may.</exception>
    public async Task<IBlobReader?> OpenAsync(Digest digest, long sizeBytes, CancellationToken cancellation)
    {
        var fetch = JoinOrStartForClient(digest, sizeBytes);
        return await fetch.Found.WaitAsync(cancellation).ConfigureAwait(false) ? new FetchingReader(fetch) : null;
    }

    /// <summary>
    /// Records that a blob may have been stored here by other means than a fetch, such as an upload. If it was,
    /// commits do not await it any more.
    /// </summary>
    public async Task NoteStoredAsync(Digest digest, CancellationToken cancellation)
    {
        if (await store.FindAsync(digest, cancellation).ConfigureAwait(false) is not null
            && await CompleteAsync(digest, cancellation).ConfigureAwait(false)) Completions.Advance();
    }

    /// <summary>Whether another region that can be reached says that it has a blob, of that size.</summary>
    internal async Task<bool> IsElsewhereAsync(Digest digest, long sizeBytes, CancellationToken cancellation)
    {
        foreach (var region in RegionsFor(digest, from: null))
        {
            try
            {
                using var answer = await peers.SendAsync(region, HttpMethod.Get, $"/peer/blobs/{digest}", cancellation,
                    BlobSource.AnswerTimeout, headers: [KeyValuePair.Create("Range", "bytes=0-0")], bulk: true).ConfigureAwait(false);
                var (whole, range) = (answer.Content.Headers.ContentLength, answer.Content.Headers.ContentRange);
                if (answer.IsSuccessStatusCode && (range?.Length ?? whole) == sizeBytes) return true;
            }
            catch (OtherRegionsUnreachableException)
            {
                // The next one may have it.
            }
        }

        return false;
    }

    /// <summary>Takes a blob out of the queue that no repository which awaits it has any more.</summary>
    /// <returns>Whether it was taken out.</returns>
    internal async Task<bool> TryDropAsync(Digest digest, CancellationToken cancellation)
    {
        if (!await queue.DropUnlinkedAsync(digest, cancellation).ConfigureAwait(false)) return false;
        Completions.Advance();
        return true;
    }

    /// <summary>Discards what fetches left that no fetch has resumed for <see cref="LeftoverExpiry"/>.</summary>
    /// <returns>How many uploads were discarded.</returns>
    public async Task<int> SweepAsync(CancellationToken cancellation)
    {
        var (discarded, expired) = (0, clock.GetUtcNow() - LeftoverExpiry);
        await foreach (var (key, appendedAt) in store.ListUploadsAsync(cancellation).ConfigureAwait(false))
        {
            var isExpired = key.StartsWith(BlobFetch.KeyPrefix, StringComparison.Ordinal) && appendedAt < expired;
            if (isExpired && await TryDiscardAsync(key, cancellation).ConfigureAwait(false)) discarded++;
        }

        return discarded;
    }

    /// <summary>
    /// Ends the fetches, and waits until none uses a store any more; what has come of them stays for the next. A fetch that is asked
    /// for later ends before it begins.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        var running = Task.WhenAll(_running.Values.Select(Task (fetch) => fetch.Outcome));
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Fetches a blob, or joins a fetch that is under way.</summary>
    /// <param name="digest">The blob.</param>
    /// <param name="sizeBytes">Its size.</param>
    /// <param name="from">The region to ask first.</param>
    internal Task<FetchOutcome> FetchAsync(Digest digest, long sizeBytes, RegionId from) =>
        _running.GetOrAdd(digest, _ => new Running(() => Start(digest, sizeBytes, from, place: null))).Outcome;

    private BlobFetch JoinOrStartForClient(Digest digest, long sizeBytes)
    {
        if (_running.TryGetValue(digest, out var running)) return AwaitedByAClient(running);
        var place = _slots.TryBegin() ?? throw new RegionUnavailableException(
            $"Region {map.Self} fetches {ReadThroughSlots.MaxReceiving} blobs for clients "
                + $"and {ReadThroughSlots.MaxWaiting} more wait: try again in a second.");
        var mine = new Running(() => Start(digest, sizeBytes, from: null, place));
        running = _running.GetOrAdd(digest, mine);
        if (running == mine) return running.Fetch;
        place.Dispose(); // Another client was faster, or the hydrator.
        return AwaitedByAClient(running);
    }

    private static BlobFetch AwaitedByAClient(Running running)
    {
        running.Fetch.StreamNow();
        return running.Fetch;
    }

    private (BlobFetch Fetch, Task<FetchOutcome> Outcome) Start(Digest digest, long sizeBytes, RegionId? from, IDisposable? place)
    {
        // Clients read what is sent while it comes; a copy they would have to wait for.
        var source = place is null ? new BlobSource(peers, null, clock, _copies) : new BlobSource(peers, _slots, clock);
        var fetch = new BlobFetch(digest, sizeBytes, store, source, _damaged, clock);
        return (fetch, Task.Run(() => RunAsync(fetch, digest, from, place)));
    }

    private async Task<FetchOutcome> RunAsync(BlobFetch fetch, Digest digest, RegionId? from, IDisposable? place)
    {
        try
        {
            await AwaitSweepAsync().ConfigureAwait(false);
            var outcome = await fetch.RunAsync(RegionsFor(digest, from), _stopping.Token).ConfigureAwait(false);
            ReplicationMetrics.Fetched(outcome);
            if (outcome is FetchOutcome.Stored(var receivedBytes, var copiedBytes))
                await CompleteFetchedAsync(digest, receivedBytes + copiedBytes).ConfigureAwait(false);
            else LogNotFetched(digest, outcome);
            return outcome is FetchOutcome.Failed failed ? Failed(failed) : outcome;
        }
        catch (Exception e) when (!_stopping.IsCancellationRequested)
        {
            return Failed(new FetchOutcome.Failed($"The metadata store of this region failed: {e.Message}", FetchFault.Store));
        }
        catch (Exception)
        {
            fetch.Cancel(_stopping.Token); // It may not have begun.
            throw;
        }
        finally
        {
            _running.TryRemove(digest, out _);
            place?.Dispose();
        }
    }

    private async Task CompleteFetchedAsync(Digest digest, long receivedBytes)
    {
        await CompleteAsync(digest, _stopping.Token).ConfigureAwait(false);
        Completions.Advance();
        if (receivedBytes > 0) Pause.Succeeded();
    }

    private FetchOutcome.Failed Failed(FetchOutcome.Failed outcome)
    {
        if (outcome.Fault == FetchFault.Store) Pause.Failed(outcome.Reason);
        return outcome;
    }

    /// <summary>Takes a blob that is stored out of the queue.</summary>
    /// <returns>Whether a commit is complete by it.</returns>
    private async Task<bool> CompleteAsync(Digest digest, CancellationToken cancellation)
    {
        var completed = await queue.CompleteAsync(digest, cancellation).ConfigureAwait(false);
        foreach (var commit in completed) latencies.Completed.Add(clock.GetUtcNow() - commit.At);
        return completed.Count > 0;
    }

    // Those that answer before those that did not the last time; the region that is said to have it first; known damaged copies last.
    private IReadOnlyList<RegionId> RegionsFor(Digest digest, RegionId? from) =>
        [
            .. map.Others
                .Select(region => region.Id)
                .OrderBy(region => _damaged.Has(digest, region))
                .ThenBy(peers.IsSuspect)
                .ThenBy(region => region != from),
        ];

    // A sweep looks, under the semaphore, whether a fetch runs; a fetch is among those that run before it passes here.
    private async Task AwaitSweepAsync()
    {
        await _sweeping.WaitAsync(_stopping.Token).ConfigureAwait(false);
        _sweeping.Release();
    }

    private async Task<bool> TryDiscardAsync(string key, CancellationToken cancellation)
    {
        await _sweeping.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (_running.Keys.Any(digest => BlobFetch.KeyOf(digest) == key)) return false;
            if (await store.ResumeUploadAsync(key, cancellation).ConfigureAwait(false) is not { } upload) return false;
            await using (upload.ConfigureAwait(false)) await upload.DiscardAsync(cancellation).ConfigureAwait(false);
            return true;
        }
        finally
        {
            _sweeping.Release();
        }
    }

    [LoggerMessage(1, LogLevel.Debug, "The blob {Digest} was not fetched: {Outcome}")]
    private partial void LogNotFetched(Digest digest, FetchOutcome outcome);

    /// <summary>A fetch, begun when it is first asked for: when it is among those that run.</summary>
    private sealed class Running(Func<(BlobFetch Fetch, Task<FetchOutcome> Outcome)> start)
    {
        private readonly Lazy<(BlobFetch Fetch, Task<FetchOutcome> Outcome)> _started = new(start);

        public BlobFetch Fetch => _started.Value.Fetch;

        public Task<FetchOutcome> Outcome => _started.Value.Outcome;
    }
}
