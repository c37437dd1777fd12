using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Json;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Ledgers.Transport;
using GeoRegistry.Protocol;
using GeoRegistry.Replication.Hydration;
using GeoRegistry.Replication.Leases;
using GeoRegistry.Replication.Peers;
using GeoRegistry.Replication.Status;
using GeoRegistry.Repositories;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;

namespace GeoRegistry.Replication.Tails;

/// <summary>Follows one region's feed and applies what comes, exactly once, for as long as the process runs.</summary>
internal sealed partial class Tail(
    TailState state,
    PeerClient peers,
    IReplicaStore replicas,
    LedgerRepair repair,
    MissingBlobs missing,
    Hydrator hydrator,
    RepositoryViews views,
    Latencies latencies,
    TimeProvider clock,
    ILogger<Tail> logger)
{
    /// <summary>How many commits are applied in one transaction at most: enough to catch up quickly, few enough that the first is not late.</summary>
    private const int BatchEntries = 256;

    /// <summary>A region that is further behind than this takes snapshots, which cost by what is there and not by what has happened.</summary>
    private const long FarBehind = 100_000;

    /// <summary>How often the source hears from here when nothing happens; leases last several times as long.</summary>
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan ReportPatience = TimeSpan.FromSeconds(5);

    private readonly ResiliencePipeline _untilReached = new ResiliencePipelineBuilder { TimeProvider = clock }
        .AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = new PredicateBuilder().Handle<OtherRegionsUnreachableException>(),
            MaxRetryAttempts = int.MaxValue,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = TimeSpan.FromMilliseconds(100),
            MaxDelay = TimeSpan.FromSeconds(2),
            OnRetry = _ =>
            {
                state.Activity = TailActivity.Unreachable;
                return default;
            },
        })
        .Build();

    private volatile bool _takesOver;
    private volatile PipeReader? _feed;

    /// <summary>Compares all ledgers with their home's once more: those that were withheld from this region may not be any longer.</summary>
    public void TakeOverAgain()
    {
        state.BeginReplacing();
        _takesOver = true;
        _feed?.CancelPendingRead();
    }

    /// <summary>Tails until it is told to stop.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            await BeginAsync(stopping).ConfigureAwait(false);
            await Task.WhenAll(ReportAsync(stopping), FollowAgainAndAgainAsync(stopping)).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    private async Task BeginAsync(CancellationToken stopping)
    {
        while (true)
        {
            try
            {
                state.Begin((await replicas.ReadCursorAsync(state.Source, stopping).ConfigureAwait(false)).Position);
                return;
            }
            catch (Exception failure) when (!stopping.IsCancellationRequested)
            {
                LogFailed(failure, state.Source);
                await Task.Delay(ReportInterval, clock, stopping).ConfigureAwait(false);
            }
        }
    }

    private async Task FollowAgainAndAgainAsync(CancellationToken stopping)
    {
        while (true)
        {
            try
            {
                using var response = await _untilReached.ExecuteAsync(async token => await ConnectAsync(token).ConfigureAwait(false), stopping).ConfigureAwait(false);
                switch (response.StatusCode)
                {
                    case HttpStatusCode.OK when _takesOver || FarBehindOf(response):
                    case HttpStatusCode.Gone:
                        await TakeOverAsync(stopping).ConfigureAwait(false);
                        continue;
                    case HttpStatusCode.OK:
                        state.Activity = TailActivity.Live;
                        LogFollowing(state.Source, state.Applied.Position);
                        await FollowAsync(response, stopping).ConfigureAwait(false);
                        break;
                    case HttpStatusCode.Conflict:
                        state.Activity = TailActivity.Foreign;
                        LogForeign(state.Source, state.Applied.Position);
                        break;
                    default:
                        throw new InvalidDataException($"Region {state.Source} answered {(int)response.StatusCode} to a tail.");
                }
            }
            catch (Exception failure) when (!stopping.IsCancellationRequested)
            {
                if (failure is IOException or HttpRequestException or HttpProtocolException) LogBroken(state.Source, failure.Message);
                else LogFailed(failure, state.Source);
            }

            // An end of the connection is retried at once by the pipeline; what is wrong on this side waits.
            if (state.Activity == TailActivity.Live) state.Activity = TailActivity.Connecting;
            await Task.Delay(ReportInterval / 4, clock, stopping).ConfigureAwait(false);
        }
    }

    private async Task<HttpResponseMessage> ConnectAsync(CancellationToken cancellation)
    {
        var cursor = await replicas.ReadCursorAsync(state.Source, cancellation).ConfigureAwait(false);
        return await peers.SendAsync(
            state.Source, HttpMethod.Get, $"/peer/feed?after={cursor.Position}&checksum={Convert.ToHexStringLower(cursor.Checksum.Span)}", cancellation, ReportPatience)
            .ConfigureAwait(false);
    }

    private bool FarBehindOf(HttpResponseMessage response) =>
        response.Headers.TryGetValues(PeerHeaders.FeedHead, out var values)
        && long.TryParse(values.First(), out var head)
        && head - state.Applied.Position > FarBehind;

    private async Task TakeOverAsync(CancellationToken cancellation)
    {
        state.Activity = TailActivity.Snapshot;
        LogTakingOver(state.Source, state.Applied.Position);
        _takesOver = false;
        var taken = 0;
        await ReplaceAsync(async () => taken = await repair.TakeOverAsync(state.Source, cancellation).ConfigureAwait(false)).ConfigureAwait(false);
        var cursor = await replicas.ReadCursorAsync(state.Source, cancellation).ConfigureAwait(false);
        state.Applied.Advance(cursor.Position);
        hydrator.Wake();
        LogTakenOver(state.Source, taken, cursor.Position);
    }

    private async Task FollowAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var feed = _feed = PipeReader.Create(await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false), new StreamPipeReaderOptions(bufferSize: 64 * 1024));
        while (!_takesOver)
        {
            var result = await feed.ReadAsync(cancellation).ConfigureAwait(false);
            var received = result.Buffer;
            var entries = new List<ReplicaEntry>();
            while (entries.Count < BatchEntries && FeedCodec.TryRead(ref received, out var entry))
                entries.Add(await PrepareAsync(entry, cancellation).ConfigureAwait(false));
            if (entries.Count > 0) await ApplyAsync(entries, cancellation).ConfigureAwait(false);
            feed.AdvanceTo(received.Start, entries.Count == BatchEntries ? received.Start : received.End);
            if (result.IsCompleted && entries.Count == 0) throw new IOException("the feed ended");
        }
    }

    private async ValueTask<ReplicaEntry> PrepareAsync(FeedEntry entry, CancellationToken cancellation)
    {
        if (entry.Encoded.IsEmpty) return new ReplicaEntry(entry.Position, null, default, default, []);
        var commit = CommitCodec.Decode(entry.Encoded);
        var repository = RepositoryName.Parse(commit.Ledger.Name);
        state.NoteChanges(repository, TagChanges.TagsOf(commit.Operations), entry.Position);
        var lacking = await missing.OfAsync(repository, commit.Operations, state.Source, cancellation).ConfigureAwait(false);
        return new ReplicaEntry(entry.Position, commit, entry.Encoded, entry.Checksum, lacking);
    }

    private async Task ApplyAsync(IReadOnlyList<ReplicaEntry> entries, CancellationToken cancellation)
    {
        while (entries.Count > 0)
        {
            var outcome = await replicas.ApplyAsync(state.Source, entries, cancellation).ConfigureAwait(false);
            var rest = entries.SkipWhile(entry => entry.Position <= outcome.Cursor.Position).ToList();
            foreach (var entry in entries.Take(entries.Count - rest.Count))
            {
                if (entry.Commit is { } commit) Show(commit, entry.Missing.Count == 0);
            }

            state.Applied.Advance(outcome.Cursor.Position);
            hydrator.Wake();
            if (outcome.Faulty is { } ledger)
            {
                var position = rest[0].Position;
                LogRepairing(ledger, state.Source, position);
                await ReplaceAsync(() => repair.RepairAsync(state.Source, position, ledger, cancellation)).ConfigureAwait(false);
            }

            entries = rest;
        }
    }

    // What comes by snapshots may be newer than what the feed has brought, and than what all regions know of.
    private async Task ReplaceAsync(Func<Task> replace)
    {
        state.BeginReplacing();
        try
        {
            await replace().ConfigureAwait(false);
        }
        finally
        {
            state.EndReplacing();
        }
    }

    private void Show(Commit commit, bool isComplete)
    {
        views.Apply(RepositoryName.Parse(commit.Ledger.Name), commit.Operations);
        var age = clock.GetUtcNow() - commit.At;
        latencies.Applied.Add(age);
        if (isComplete) latencies.Completed.Add(age);
    }

    // Tells the source how far this region has come, at once when that changes and now and then when not, and asks for a lease.
    private async Task ReportAsync(CancellationToken stopping)
    {
        for (var reported = -1L; ;)
        {
            using var wait = CancellationTokenSource.CreateLinkedTokenSource(stopping);
            await Task.WhenAny(state.Applied.WaitForAsync(reported + 1, wait.Token), Task.Delay(ReportInterval, clock, wait.Token)).ConfigureAwait(false);
            await wait.CancelAsync().ConfigureAwait(false);
            stopping.ThrowIfCancellationRequested();
            var askedAt = clock.GetTimestamp();
            var applied = state.Applied.Position;
            try
            {
                using var response = await peers.SendAsync(state.Source, HttpMethod.Post, $"/peer/progress?applied={applied}", stopping, ReportPatience).ConfigureAwait(false);
                var reply = await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<ProgressReply>(stopping).ConfigureAwait(false);
                var lease = state.Activity == TailActivity.Foreign ? TimeSpan.Zero : TimeSpan.FromMilliseconds(reply!.LeaseMilliseconds);
                state.Heard(askedAt, reply!.Head, lease, reply.Shown);
                reported = applied;
            }
            catch (Exception failure) when (!stopping.IsCancellationRequested)
            {
                LogNotHeard(state.Source, failure.Message);
                await Task.Delay(ReportInterval / 4, clock, stopping).ConfigureAwait(false);
            }
        }
    }
}
