using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Errors;
using GeoRegistry.Regions.Control;
using GeoRegistry.Replication.Feeds;
using GeoRegistry.Replication.Peers;
using GeoRegistry.Repositories.Regions;
using Microsoft.Extensions.Logging;

namespace GeoRegistry.Replication.Homes;

/// <summary>Whether this region may append: only once others have confirmed that they follow nothing which is not here.</summary>
/// <remarks>
/// A region that starts with lost or older data would append what contradicts the commits that others have, and acknowledge it. So
/// it asks its followers how far they follow it before its first append. While it reaches none of them, writes are refused with the
/// reason; an operator can resume it (<see cref="HomeResumption"/>).
/// </remarks>
public sealed partial class HomeGate(RegionMap map, PeerClient peers, FeedServer feeds, TimeProvider clock,
    ILogger<HomeGate> logger) : IHomeGate
{
    /// <summary>How long a follower may take to answer, and how long it is until those that did not are asked again.</summary>
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(2), AskInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// How long a write waits for the answers of followers before it is refused: long enough for a second round of questions, when
    /// in the first one region had not started yet and another was silent.
    /// </summary>
    private static readonly TimeSpan WaitTimeout = 2 * (AnswerTimeout + AskInterval);

    /// <summary>How long a request waits for the recovery of data that was replaced.</summary>
    private static readonly TimeSpan RecoveryTimeout = TimeSpan.FromSeconds(20);

    private readonly TaskCompletionSource _decided = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile State _state = new(IsOpen: false, LostData: false, "it has not asked the other regions yet how far they follow it");

    private volatile TaskCompletionSource? _recovery;

    /// <summary>Whether it is being recovered what others have, as the data here was replaced. Requests that are about it wait.</summary>
    public bool IsRecovering => _recovery is not null;

    /// <summary>Whether another region follows what this one does not have, or may.</summary>
    public bool HasLostData => _state.LostData;

    /// <summary>Why nothing may be appended, or null where it may.</summary>
    public string? Reason => _state.IsOpen ? null : _state.Reason;

    /// <inheritdoc/>
    public ValueTask<RegistryError?> FindRefusalAsync(RepositoryName repository, CancellationToken cancellation = default) =>
        _state.IsOpen ? default : WaitAsync(repository, cancellation);

    /// <summary>Waits until all followers were asked once since the start, whatever they answered.</summary>
    public Task AwaitFirstAnswersAsync(CancellationToken cancellation) => AwaitAsync(_asked, WaitTimeout, cancellation);

    /// <summary>Asks the followers until one has answered.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        await CheckOwnAsync(stopping).ConfigureAwait(false);
        while (!_state.IsOpen && !_state.LostData)
        {
            await AskAsync(stopping).ConfigureAwait(false);
            _asked.TrySetResult();
            if (!_state.IsOpen && !_state.LostData) await Task.Delay(AskInterval, clock, stopping).ConfigureAwait(false);
        }
    }

    /// <summary>Records how far a region follows this one's feed, whenever it says so.</summary>
    /// <returns>Whether it follows nothing that is not here.</returns>
    public async Task<bool> CheckAsync(RegionId follower, FeedCursor cursor, CancellationToken cancellation)
    {
        var (start, extent) = await feeds.FindStartAsync(cursor, cancellation).ConfigureAwait(false);
        if (start != FeedStart.Diverged) return true;

        // It follows an incarnation that the topology has ended, and will change to this one.
        if (map.Current.Find(map.Self)?.Incarnation == extent.Incarnation && cursor.Incarnation != extent.Incarnation) return true;
        Close($"{follower} follows it to {new FeedPosition(map.Self, cursor.Incarnation, cursor.Position)}, "
            + $"and its own feed ends at {extent.EndOf(map.Self)}: it has lost commits");
        return false;
    }

    /// <summary>Waits for the end of a recovery, for a while.</summary>
    public Task AwaitRecoveryAsync(CancellationToken cancellation) =>
        _recovery is { } recovery ? AwaitAsync(recovery, RecoveryTimeout, cancellation) : Task.CompletedTask;

    /// <summary>Refuses appends, as the data here was replaced; requests wait until <see cref="EndRecovery"/>.</summary>
    internal void BeginRecovery(string reason)
    {
        if (_recovery is null) _recovery = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Close(reason);
    }

    /// <summary>Lets requests go on by what is known now.</summary>
    internal void EndRecovery()
    {
        var recovery = _recovery;
        _recovery = null;
        recovery?.TrySetResult();
    }

    /// <summary>Allows appends, as an operator has decided.</summary>
    internal void Open()
    {
        _state = new State(IsOpen: true, LostData: false, "");
        _decided.TrySetResult();
    }

    // After it was resumed, its data from before is old, whatever a region says that has not heard of that.
    private async Task CheckOwnAsync(CancellationToken cancellation)
    {
        var named = map.Current.Find(map.Self)?.Incarnation ?? default;
        var own = await feeds.ReadIncarnationAsync(cancellation).ConfigureAwait(false);
        if (!named.IsNone && named != own)
            Close($"the topology says that it went on under the incarnation {named}, and its data is of {own}: it has lost commits");
    }

    private void Close(string reason)
    {
        if (_state.LostData) return;
        LogLostData(map.Self, reason);
        _state = new State(IsOpen: false, LostData: true, reason);
        _decided.TrySetResult();
        _asked.TrySetResult();
    }

    private async Task AwaitAsync(TaskCompletionSource known, TimeSpan timeout, CancellationToken cancellation)
    {
        try
        {
            await known.Task.WaitAsync(timeout, clock, cancellation).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // What is known now counts.
        }
    }

    private async ValueTask<RegistryError?> WaitAsync(RepositoryName repository, CancellationToken cancellation)
    {
        await AwaitRecoveryAsync(cancellation).ConfigureAwait(false);
        await AwaitAsync(_decided, WaitTimeout, cancellation).ConfigureAwait(false);
        if (_state is not { IsOpen: false } closed) return null;
        return RegistryError.Of(
            ErrorCode.Unavailable,
            $"Region {map.Self}, the home of {repository}, refuses writes: {closed.Reason}. "
                + $"An operator can resume it: 'georegistry region resume {map.Self}' recovers what the others have.",
            ("home", map.Self.ToString()));
    }

    private async Task AskAsync(CancellationToken stopping)
    {
        var before = _state;
        var others = map.Others.Select(region => region.Id).ToList();
        var answers = await Task.WhenAll(others.Select(region => AskAsync(region, stopping))).ConfigureAwait(false);
        foreach (var (region, cursor) in others.Zip(answers))
        {
            if (cursor is not null && !await CheckAsync(region, cursor, stopping).ConfigureAwait(false)) return;
        }

        if (others.Count == 0 || answers.Any(answer => answer is not null))
        {
            // A region that has said meanwhile that it follows what is not here keeps it closed.
            if (Interlocked.CompareExchange(ref _state, new State(IsOpen: true, LostData: false, ""), before) != before) return;
            LogOpen(map.Self);
            _decided.TrySetResult();
        }
        else
        {
            var unknown = new State(
                IsOpen: false,
                LostData: false,
                $"none of {string.Join(", ", others)} can be reached to tell how far it follows {map.Self}, "
                    + "so commits may be missing here");
            Interlocked.CompareExchange(ref _state, unknown, before);
        }
    }

    private async Task<FeedCursor?> AskAsync(RegionId region, CancellationToken stopping)
    {
        try
        {
            var reply = await peers.AskAsync<FeedEnd>(
                region, HttpMethod.Get, "/peer/followed", stopping, AnswerTimeout).ConfigureAwait(false);
            return reply.ToCursor();
        }
        catch (Exception e) when (!stopping.IsCancellationRequested && (PeerClient.IsFailureToAnswer(e) || e is FormatException))
        {
            return null;
        }
    }

    [LoggerMessage(1, LogLevel.Information, "Region {Region} accepts writes: no other region has followed commits that are missing here.")]
    private partial void LogOpen(RegionId region);

    [LoggerMessage(
        2,
        LogLevel.Error,
        "Region {Region} refuses writes: {Reason}. Restore its data, or resume it with 'georegistry region resume'.")]
    private partial void LogLostData(RegionId region, string reason);

    private sealed record State(bool IsOpen, bool LostData, string Reason);
}
