using System.IO.Pipelines;
using System.Net;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Ledgers.Transport;
using GeoRegistry.Regions.Control;
using GeoRegistry.Replication.Hydration;
using GeoRegistry.Replication.Peers;
using GeoRegistry.Repositories;
using GeoRegistry.Resilience;
using Microsoft.Extensions.Logging;
using Polly;

namespace GeoRegistry.Replication.Tails;

/// <summary>Follows one region's feed and applies what comes, exactly once, for as long as the process runs.</summary>
internal sealed partial class Tail(
    TailState state,
    RegionMap map,
    PeerClient peers,
    IReplicaStore replicas,
    IRegionRecord record,
    LedgerRepair repair,
    FeedApplication application,
    BlobFetches fetches,
    Hydrator hydrator,
    TimeProvider clock,
    ILogger<Tail> logger)
{
    /// <summary>
    /// How many commits are applied in one transaction at most: enough to catch up quickly, few enough that the first is
    /// not late.
    /// </summary>
    private const int BatchEntries = 256;

    /// <summary>
    /// A region that is further behind than this takes snapshots, which cost by what is there and not by what has
    /// happened.
    /// </summary>
    private const long FarBehind = 100_000;

    /// <summary>How often the source hears from here when nothing happens; leases last several times as long.</summary>
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan ReportTimeout = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long until a tail that failed reconnects: the first time, and at most; each time twice as long, until it
    /// follows again.
    /// </summary>
    private static readonly TimeSpan FirstBackoff = TimeSpan.FromMilliseconds(250), LongestBackoff = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a source that has another feed is taken to have recovered what it lost, before it counts as diverged: a topology is
    /// adopted within two seconds.
    /// </summary>
    private static readonly TimeSpan RecoveryTime = TimeSpan.FromSeconds(4);

    private readonly ResiliencePipeline _untilReached = Pipelines.Feed<OtherRegionsUnreachableException>(
        () => state.Activity = TailActivity.Unreachable, clock);

    /// <summary>Held while ledgers are replaced, so that no replacement ends the uncertainty of another.</summary>
    private readonly SemaphoreSlim _replacing = new(1, 1);

    private readonly Lock _takeOvers = new();
    private volatile bool _takesOver;
    private volatile PipeReader? _feed;
    private int _failures;
    private long? _conflicted;

    /// <summary>Whether ledgers were replaced, and it has yet to be read what is set aside now, before that counts as ended.</summary>
    private volatile bool _endsReplacing;

    /// <summary>
    /// Entries that the store was given and has not answered for. They may be applied all the same: then the source does not
    /// send them again, and readers have yet to see them.
    /// </summary>
    private IReadOnlyList<ReplicaEntry> _unanswered = [];

    /// <summary>Compares all ledgers with their home's: those that were withheld from this region may not be any longer.</summary>
    public void TakeOver()
    {
        lock (_takeOvers)
        {
            _takesOver = true;
            state.Visibility.BeginReplacing();
        }

        _feed?.CancelPendingRead();
    }

    /// <summary>Tails until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        state.TakeOverRequested += TakeOver;
        try
        {
            await BeginAsync(stopping).ConfigureAwait(false);
            await Task.WhenAll(ReportAsync(stopping), RunFollowLoopAsync(stopping), RepairSetAsideAsync(stopping)).ConfigureAwait(false);
        }
        catch (Exception) when (stopping.IsCancellationRequested)
        {
            // The server stops, whatever failed just before.
        }
    }

    private async Task BeginAsync(CancellationToken stopping)
    {
        for (var failures = 0; ; failures++)
        {
            try
            {
                state.Begin(await replicas.ReadCursorAsync(state.Source, stopping).ConfigureAwait(false));
                await NoteSetAsideAsync(stopping).ConfigureAwait(false);
                if (await record.IsTakeOverPendingAsync(state.Source, stopping).ConfigureAwait(false)) TakeOver();
                return;
            }
            catch (Exception failure) when (!stopping.IsCancellationRequested)
            {
                var delay = Backoff.After(failures, ReportInterval, LongestBackoff);
                LogFailed(failure, state.Source, delay.TotalSeconds);
                await Task.Delay(delay, clock, stopping).ConfigureAwait(false);
            }
        }
    }

    private async Task RunFollowLoopAsync(CancellationToken stopping)
    {
        while (true)
        {
            try
            {
                using var response = await _untilReached.ExecuteAsync(
                    async token => await ConnectAsync(token).ConfigureAwait(false), stopping).ConfigureAwait(false);
                switch (response.StatusCode)
                {
                    case HttpStatusCode.OK when _takesOver || IsFarBehind(response):
                    case HttpStatusCode.Gone:
                    case HttpStatusCode.Conflict when FollowsNewIncarnation(response):
                        await TakeOverAsync(stopping).ConfigureAwait(false);
                        continue;
                    case HttpStatusCode.OK:
                        _conflicted = null;
                        state.Activity = TailActivity.Live;
                        LogFollowing(state.Source, state.Position);
                        await FollowAsync(response, stopping).ConfigureAwait(false);
                        break;
                    case HttpStatusCode.Conflict when MayBeRecovering():
                        break;
                    case HttpStatusCode.Conflict:
                        state.Activity = TailActivity.Diverged;
                        LogDiverged(state.Source, state.Position);
                        break;
                    default:
                        throw new InvalidDataException(
                            $"Region {state.Source} answered {(int)response.StatusCode} to the request for its feed.");
                }
            }
            catch (Exception failure) when (!stopping.IsCancellationRequested)
            {
                if (failure is IOException or HttpRequestException or HttpProtocolException) LogBroken(state.Source, failure.Message);
                else
                {
                    LogFailed(failure, state.Source, FollowDelay.TotalSeconds);
                    _failures++;
                }
            }

            // An end of the connection is retried at once by the pipeline; what is wrong on this side waits, longer each time.
            if (state.Activity == TailActivity.Live) state.Activity = TailActivity.Connecting;
            await Task.Delay(FollowDelay, clock, stopping).ConfigureAwait(false);
        }
    }

    private TimeSpan FollowDelay => Backoff.After(_failures, FirstBackoff, LongestBackoff);

    private async Task<HttpResponseMessage> ConnectAsync(CancellationToken cancellation)
    {
        var cursor = await replicas.ReadCursorAsync(state.Source, cancellation).ConfigureAwait(false);
        _unanswered = Show(cursor, _unanswered);
        var target = $"/peer/feed?incarnation={cursor.Incarnation}&after={cursor.Position}"
            + $"&checksum={Convert.ToHexStringLower(cursor.Checksum.Span)}";
        return await peers.SendAsync(state.Source, HttpMethod.Get, target, cancellation, ReportTimeout).ConfigureAwait(false);
    }

    private bool IsFarBehind(HttpResponseMessage response) =>
        HeaderOf(response, PeerHeaders.FeedHead) is { } text && long.TryParse(text, out var head)
            && head - state.Applied.Position > FarBehind;

    // The one that the topology names was begun by an operator after a loss. A region that is the home of nothing has nothing to lose.
    private bool FollowsNewIncarnation(HttpResponseMessage response)
    {
        if (!Incarnation.TryParse(HeaderOf(response, PeerHeaders.Incarnation), out var incarnation) || incarnation == state.Incarnation)
            return false;
        return map.Current.Find(state.Source)?.Incarnation == incarnation
            || map.Current.Homes.All(rule => rule.Home.Region != state.Source);
    }

    // A home that has recovered by itself is followed as soon as this region has the topology that says so.
    private bool MayBeRecovering() => clock.GetElapsedTime(_conflicted ??= clock.GetTimestamp()) < RecoveryTime;

    private static string? HeaderOf(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? values.First() : null;

    private async Task TakeOverAsync(CancellationToken cancellation)
    {
        state.Activity = TailActivity.Snapshot;
        LogTakingOver(state.Source, state.Position);
        var taken = 0;
        await ReplaceAsync(
            async () =>
            {
                _takesOver = false; // Whoever asks for it from here on gets another.
                application.SetAside(state.Source, null); // What fails is set aside, which is to be known before it counts as taken over.
                try
                {
                    // Before it is asked whether: what a topology asks for that this region adopts meanwhile is still to be done.
                    var version = map.Current.Version;
                    var isPending = await record.IsTakeOverPendingAsync(state.Source, cancellation).ConfigureAwait(false);
                    (taken, var cursor) = await repair.TakeOverAsync(
                        state.Source, version, comparesBlobs: isPending, cancellation).ConfigureAwait(false);
                    state.SkipTo(cursor);
                }
                catch
                {
                    _takesOver = true;
                    throw;
                }
            },
            cancellation).ConfigureAwait(false);
        hydrator.Wake();
        fetches.Completions.Advance(); // Those who wait for commits to be complete look again.
        LogTakenOver(state.Source, taken, state.Position);
    }

    private async Task FollowAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        if (!Incarnation.TryParse(HeaderOf(response, PeerHeaders.Incarnation), out var incarnation))
            throw new InvalidDataException($"Region {state.Source} does not name the incarnation of its feed.");
        var feed = _feed = PipeReader.Create(await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false),
            new StreamPipeReaderOptions(bufferSize: 64 * 1024));
        while (!_takesOver)
        {
            var result = await feed.ReadAsync(cancellation).ConfigureAwait(false);
            var received = result.Buffer;
            var entries = new List<ReplicaEntry>();
            while (entries.Count < BatchEntries && FeedCodec.TryRead(ref received, out var entry))
                entries.Add(await application.PrepareAsync(state, entry, entries, cancellation).ConfigureAwait(false));
            if (entries.Count > 0) await ApplyAsync(incarnation, entries, cancellation).ConfigureAwait(false);
            feed.AdvanceTo(received.Start, entries.Count == BatchEntries ? received.Start : received.End);
            if (result.IsCompleted && entries.Count == 0) throw new IOException("the feed ended");
        }
    }

    private async Task ApplyAsync(Incarnation incarnation, IReadOnlyList<ReplicaEntry> entries, CancellationToken cancellation)
    {
        while (entries.Count > 0)
        {
            _unanswered = entries;
            var outcome = await replicas.ApplyAsync(state.Source, incarnation, entries, cancellation).ConfigureAwait(false);
            _unanswered = [];
            var rest = Show(outcome.Cursor, entries);
            state.Incarnation = incarnation;
            _failures = 0;
            if (outcome.Faulty is { } ledger)
            {
                var position = new FeedPosition(state.Source, incarnation, rest[0].Position);
                LogRepairing(ledger, state.Source, position);
                await ReplaceAsync(
                    () => repair.TryRepairAsync(position, ledger, attempts: 0, cancellation), cancellation).ConfigureAwait(false);
            }

            entries = rest;
        }
    }

    /// <summary>Lets readers see the entries that are applied.</summary>
    /// <returns>The others.</returns>
    private List<ReplicaEntry> Show(FeedCursor cursor, IReadOnlyList<ReplicaEntry> entries)
    {
        var rest = entries.SkipWhile(entry => entry.Position <= cursor.Position).ToList();
        if (rest.Count == entries.Count) return rest;
        application.Show(entries.Take(entries.Count - rest.Count));
        state.Incarnation = cursor.Incarnation;
        state.Applied.Advance(cursor.Position);
        hydrator.Wake();
        return rest;
    }

    // What comes by snapshots may be newer than what the feed has brought, and than what all regions have followed; what is set aside
    // is not shown alone.
    private async Task ReplaceAsync(Func<Task> replace, CancellationToken cancellation)
    {
        await _replacing.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            state.Visibility.BeginReplacing();
            try
            {
                await replace().ConfigureAwait(false);
            }
            finally
            {
                _endsReplacing = true;
                await NoteSetAsideAsync(cancellation).ConfigureAwait(false);
                _endsReplacing = false;
                lock (_takeOvers)
                {
                    if (!_takesOver) state.Visibility.EndReplacing();
                }
            }
        }
        finally
        {
            _replacing.Release();
        }
    }

    private async Task NoteSetAsideAsync(CancellationToken cancellation)
    {
        try
        {
            var setAside = await ListSetAsideAsync(cancellation).ConfigureAwait(false);
            application.SetAside(state.Source, setAside.Select(ledger => ledger.Ledger));
            state.SetAside = setAside.Count;
        }
        catch
        {
            application.SetAside(state.Source, null);
            throw;
        }
    }

    private async Task<IReadOnlyList<LedgerSetAside>> ListSetAsideAsync(CancellationToken cancellation) =>
        [.. (await replicas.ListSetAsideAsync(cancellation).ConfigureAwait(false)).Where(ledger => ledger.Source == state.Source)];

    // Ledgers that could not be repaired are tried again when their time has come.
    private async Task RepairSetAsideAsync(CancellationToken stopping)
    {
        var delay = TimeSpan.Zero;
        for (var failures = 0; ; await Task.Delay(delay, clock, stopping).ConfigureAwait(false))
        {
            delay = ReportInterval;
            try
            {
                if (_endsReplacing) await ReplaceAsync(() => Task.CompletedTask, stopping).ConfigureAwait(false);
                var setAside = await ListSetAsideAsync(stopping).ConfigureAwait(false);
                foreach (var ledger in setAside.Where(ledger => ledger.NotBefore <= clock.GetUtcNow()))
                {
                    var position = state.Position;
                    await ReplaceAsync(
                        () => repair.TryRepairAsync(position, ledger.Ledger, ledger.Attempts, stopping), stopping).ConfigureAwait(false);
                }

                failures = 0;
            }
            catch (Exception failure) when (!stopping.IsCancellationRequested)
            {
                if (failure is OtherRegionsUnreachableException) continue;
                delay = Backoff.After(failures++, ReportInterval, LongestBackoff);
                LogFailed(failure, state.Source, delay.TotalSeconds);
            }
        }
    }

    // Reports how far this region has followed, at once when that changes and at intervals otherwise, and asks for a lease.
    private async Task ReportAsync(CancellationToken stopping)
    {
        for (var reported = -1L; ;)
        {
            using var wait = CancellationTokenSource.CreateLinkedTokenSource(stopping);
            var signal = state.Applied;
            await Task.WhenAny(signal.WaitForAsync(reported + 1, wait.Token),
                Task.Delay(ReportInterval, clock, wait.Token)).ConfigureAwait(false);
            await wait.CancelAsync().ConfigureAwait(false);
            stopping.ThrowIfCancellationRequested();
            var (askedAt, askedAtUtc) = (clock.GetTimestamp(), clock.GetUtcNow());
            var (position, topology) = (state.Position, map.Current.Version);
            try
            {
                var target = $"/peer/progress?incarnation={position.Incarnation}&applied={position.Number}&topology={topology}";
                var reply = await peers.AskAsync<ProgressReply>(
                    state.Source, HttpMethod.Post, target, stopping, ReportTimeout).ConfigureAwait(false);
                // Before the first commit it is the source's that counts.
                var isOther = !position.Incarnation.IsNone && reply.Incarnation is { } its && its != position.Incarnation.ToString();
                var lease = TimeSpan.FromMilliseconds(reply.LeaseMilliseconds);
                if (isOther) state.HeardOther();
                else state.Heard(position.Incarnation, askedAt, askedAtUtc, reply.Head, lease, reply.Shown);
                reported = signal == state.Applied ? position.Number : -1;
            }
            catch (Exception failure) when (!stopping.IsCancellationRequested)
            {
                LogNotHeard(state.Source, failure.Message);
                await Task.Delay(ReportInterval / 4, clock, stopping).ConfigureAwait(false);
            }
        }
    }
}
