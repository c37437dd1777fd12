using System.Collections.Concurrent;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Regions.Control;
using GeoRegistry.Replication.Peers;
using GeoRegistry.Replication.Status;
using Microsoft.Extensions.Logging;

namespace GeoRegistry.Replication.Hydration;

/// <summary>The blobs on their way into this region: each is fetched once, whoever wants it.</summary>
public sealed partial class BlobFetches(
    RegionMap map, IBlobStore store, PeerClient peers, IHydrationQueue queue, Latencies latencies, TimeProvider clock, ILogger<BlobFetches> logger) : IDisposable
{
    /// <summary>How many blobs come through for clients at a time; further ones wait. Each takes a buffer and an open file.</summary>
    private const int MaxReadThrough = 64;

    private readonly ConcurrentDictionary<Digest, Running> _running = new();
    private readonly SemaphoreSlim _readThrough = new(MaxReadThrough);
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>Grows with every blob that is stored: by it those who wait for a commit to be complete look again.</summary>
    public PositionSignal Completions { get; } = new(0);

    /// <summary>Opens a blob that is not here, for a client.</summary>
    /// <returns>A reader; null where no region has the blob.</returns>
    /// <exception cref="Repositories.OtherRegionsUnreachableException">No region that can be reached has it, and some cannot be reached.</exception>
    public async Task<IBlobReader?> OpenAsync(Digest digest, long sizeBytes, CancellationToken cancellation)
    {
        var running = _running.GetOrAdd(digest, _ => new Running(new Lazy<(BlobFetch, Task<FetchOutcome>)>(() => Start(digest, sizeBytes, from: null, 0, _readThrough))));
        var (fetch, _) = running.Fetch.Value;
        return await fetch.Found.WaitAsync(cancellation).ConfigureAwait(false) ? new FetchingReader(fetch) : null;
    }

    /// <summary>Fetches a blob, or joins a fetch that is under way.</summary>
    /// <param name="digest">The blob.</param>
    /// <param name="sizeBytes">Its size.</param>
    /// <param name="from">The region to ask first.</param>
    /// <param name="attempts">How often it could not be fetched: each time another region is asked first, as one may have it damaged.</param>
    internal Task<FetchOutcome> FetchAsync(Digest digest, long sizeBytes, RegionId from, int attempts) =>
        _running.GetOrAdd(digest, _ => new Running(new Lazy<(BlobFetch, Task<FetchOutcome>)>(() => Start(digest, sizeBytes, from, attempts, null)))).Fetch.Value.Outcome;

    /// <summary>Ends the fetches; what has come of them stays for the next.</summary>
    public void Dispose() => _stopping.Cancel();

    private (BlobFetch Fetch, Task<FetchOutcome> Outcome) Start(Digest digest, long sizeBytes, RegionId? from, int attempts, SemaphoreSlim? turn)
    {
        var fetch = new BlobFetch(digest, sizeBytes, store, peers, clock);
        return (fetch, Task.Run(() => RunAsync(fetch, digest, from, attempts, turn)));
    }

    private async Task<FetchOutcome> RunAsync(BlobFetch fetch, Digest digest, RegionId? from, int attempts, SemaphoreSlim? turn)
    {
        var hasTurn = false;
        try
        {
            if (turn is not null) await turn.WaitAsync(_stopping.Token).ConfigureAwait(false);
            hasTurn = true;
            var outcome = await fetch.RunAsync(RegionsFor(from, attempts), _stopping.Token).ConfigureAwait(false);
            ReplicationMetrics.Fetched(outcome);
            if (outcome is FetchOutcome.Stored) await CompleteAsync(digest).ConfigureAwait(false);
            else LogNotFetched(digest, outcome);
            return outcome;
        }
        catch (Exception e) when (!_stopping.IsCancellationRequested)
        {
            LogFailed(e, digest);
            return new FetchOutcome.Failed(e.Message, IsBlobsFault: true);
        }
        finally
        {
            _running.TryRemove(digest, out _);
            if (hasTurn) turn?.Release();
            else fetch.GiveUp(_stopping.Token);
        }
    }

    /// <summary>Lets those who wait for a blob that is stored now know of it.</summary>
    private async Task CompleteAsync(Digest digest)
    {
        foreach (var commit in await queue.CompleteAsync(digest, _stopping.Token).ConfigureAwait(false)) latencies.Completed.Add(clock.GetUtcNow() - commit.At);
        Completions.Advance();
    }

    // The region that is said to have it, then those that answer, then those that did not the last time.
    private List<RegionId> RegionsFor(RegionId? from, int attempts)
    {
        var regions = map.Others.Select(region => region.Id).OrderBy(region => region == from ? 0 : 1).ThenBy(region => peers.IsSuspect(region) ? 1 : 0).ToList();
        return [.. regions.Skip(attempts % Math.Max(1, regions.Count)), .. regions.Take(attempts % Math.Max(1, regions.Count))];
    }

    [LoggerMessage(1, LogLevel.Debug, "The blob {Digest} was not fetched: {Outcome}")]
    private partial void LogNotFetched(Digest digest, FetchOutcome outcome);

    [LoggerMessage(2, LogLevel.Error, "The blob {Digest} could not be stored.")]
    private partial void LogFailed(Exception failure, Digest digest);

    private sealed record Running(Lazy<(BlobFetch Fetch, Task<FetchOutcome> Outcome)> Fetch);
}
