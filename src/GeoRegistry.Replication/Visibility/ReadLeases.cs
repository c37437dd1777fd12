using System.Collections.Concurrent;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Regions.Control;
using GeoRegistry.Replication.Status;

namespace GeoRegistry.Replication.Visibility;

/// <summary>The home's side of read leases: which regions may answer alone from what they have of this home, and until when.</summary>
/// <remarks>
/// <para>
/// A replica answers by itself while it holds a lease; it counts the lease from when it asked, the home from when it was asked, which is
/// later. So when this home has waited until every lease ended or its holder has followed a commit, no region answers what was before.
/// Clocks must run at about the same rate; they need not agree.
/// </para>
/// <para>
/// A region without a lease joins: it is counted first, then the head is read, and once it has followed to that head it gets a
/// lease. Commits up to that head may have been acknowledged without it; later ones wait for it. So it need not equal a head that
/// moves.
/// </para>
/// <para>
/// A region that has not adopted this home's topology yet may show what the home withholds from it by now, and not know of what was
/// withheld. So its reports count for nothing until it has, and what is appended meanwhile waits until its lease has ended, also where the
/// policy keeps the region out.
/// </para>
/// <para>Leases are not stored, but the longest that may have been given is: after a start every region is taken to hold that one.</para>
/// </remarks>
public sealed class ReadLeases
{
    /// <summary>
    /// How long a region may need to follow to the head that it was told: then it gets no further lease, and nobody waits
    /// for it.
    /// </summary>
    internal static readonly TimeSpan CatchUpTime = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long a region that could not keep up waits until it may join again: the first time, and at most; each time
    /// twice as long.
    /// </summary>
    private static readonly TimeSpan FirstBackoff = TimeSpan.FromSeconds(1), LongestBackoff = TimeSpan.FromSeconds(30);

    private readonly RegionMap _map;
    private readonly ReplicationOptions _options;
    private readonly TimeProvider _clock;
    private long _started;
    private readonly ConcurrentDictionary<RegionId, Holder> _holders = new();
    private TimeSpan _longestGiven;

    /// <summary>The leases of this region's replicas elsewhere.</summary>
    public ReadLeases(RegionMap map, ReplicationOptions options, TimeProvider clock)
    {
        _map = map;
        _options = options;
        _clock = clock;
        _started = clock.GetTimestamp();
        _longestGiven = options.StalenessBound;
    }

    /// <summary>How long the leases are that this process gives.</summary>
    public TimeSpan Length => _options.StalenessBound;

    /// <summary>
    /// Records the longest lease that a process before this one may have given. To be called before anything is
    /// appended.
    /// </summary>
    public void Resume(TimeSpan longestGiven)
    {
        if (longestGiven > _longestGiven) _longestGiven = longestGiven;
    }

    /// <summary>
    /// Begins again with another incarnation of the feed: what was reported of the one before says nothing, and leases of
    /// it may still be held.
    /// </summary>
    public void Restart()
    {
        Interlocked.Exchange(ref _started, _clock.GetTimestamp());
        _holders.Clear();
    }

    /// <summary>Records how far a region has followed this region's feed, and gives it a lease where it keeps up.</summary>
    /// <param name="region">The region.</param>
    /// <param name="incarnation">The incarnation that it follows; none before its first commit.</param>
    /// <param name="applied">The number that it has followed.</param>
    /// <param name="topology">The version of the topology that it had adopted when it said so.</param>
    /// <param name="readExtent">Reads this region's feed.</param>
    /// <returns>
    /// The feed, and how long a lease the region has from when it asked: <see cref="ReplicationOptions.StalenessBound"/> or none.
    /// </returns>
    /// <remarks>
    /// The lease counts before the head is read, so that a commit that is appended meanwhile either is seen here or waits
    /// for the lease. The incarnation is compared with what is read after the holder was looked up: where the feed began again meanwhile
    /// (<see cref="Restart"/>), either the holder is one that nobody asks any more, or another incarnation is read.
    /// </remarks>
    public async Task<(FeedExtent Feed, TimeSpan Lease)> ReportAsync(
        RegionId region, Incarnation incarnation, long applied, long topology, Func<ValueTask<FeedExtent>> readExtent)
    {
        var holder = HolderOf(region);
        var now = _clock.GetTimestamp();
        var counts = topology >= _map.Current.Version;
        bool isHeld, isGranted = false;
        lock (holder)
        {
            holder.Adopted = Math.Max(holder.Adopted, topology);
            isHeld = holder.HasBeenGranted && _clock.GetElapsedTime(holder.Granted, now) < Length;
            holder.Begin(now);
        }

        try
        {
            var feed = await readExtent().ConfigureAwait(false);
            var isOfThisFeed = incarnation == feed.Incarnation || (incarnation.IsNone && applied == 0);
            if (!counts || !isOfThisFeed || applied > feed.Head) return (feed, TimeSpan.Zero);
            holder.Applied.Advance(applied);
            lock (holder) isGranted = TryGrant(holder, now, applied, feed.Head, isHeld);
            return (feed, isGranted ? Length : TimeSpan.Zero);
        }
        finally
        {
            lock (holder) holder.End();
            ReplicationMetrics.LeaseAsked(region, isHeld, isGranted);
        }
    }

    /// <summary>How far a region has said that it has followed this region's feed; 0 before it said anything.</summary>
    public long AppliedBy(RegionId region) => HolderOf(region).Applied.Position;

    /// <summary>
    /// The number up to which every change of this region's feed has been followed by all who may hold a lease: by what
    /// they reported, and by nothing else.
    /// </summary>
    /// <param name="head">The feed's last number, read before.</param>
    public long ShownThrough(long head) => _map.Others
        .Select(region => HolderOf(region.Id))
        .Where(holder => CountedFor(holder) > TimeSpan.Zero)
        .Aggregate(head, (lowest, holder) => Math.Min(lowest, holder.Applied.Position));

    /// <summary>Returns once every region that may show a repository has followed a commit or holds no lease.</summary>
    public Task AwaitAsync(RepositoryName repository, long number, CancellationToken cancellation)
    {
        var topology = _map.Current;
        var policy = topology.PolicyOf(repository);
        return Task.WhenAll(_map.Others.Select(region => (region.Id, Holder: HolderOf(region.Id)))
            .Where(region => policy.Allows(region.Id) || !HasAdopted(region.Holder, topology.Version))
            .Select(region => AwaitAsync(region.Holder, number, cancellation)));
    }

    private static bool HasAdopted(Holder holder, long topology)
    {
        lock (holder) return holder.Adopted >= topology;
    }

    private bool TryGrant(Holder holder, long now, long applied, long head, bool isHeld)
    {
        // One that was further before has gone back to older data.
        if (applied < holder.Applied.Position || now < holder.NotBefore) return false;
        if (applied >= holder.Target)
        {
            holder.Target = head;
            holder.TargetSet = now;
        }

        var keepsUp = _clock.GetElapsedTime(holder.TargetSet, now) < CatchUpTime;
        var hasJoined = holder.Join is { } join && _clock.GetElapsedTime(join.At, now) < CatchUpTime && applied >= join.Target;
        if (applied == head || hasJoined || (isHeld && keepsUp))
        {
            holder.Grant(now, isSteady: keepsUp);
            return true;
        }

        if (isHeld || holder.Join is not null) BackOff(holder, now);
        else holder.Join = (now, head);
        return false;
    }

    // It held a lease or was about to, and did not follow fast enough: those who wait for it would wait repeatedly.
    private void BackOff(Holder holder, long now)
    {
        if (holder.Join is { } join && _clock.GetElapsedTime(join.At, now) < CatchUpTime) return; // It may still come.
        holder.Join = null;
        var backoff = Backoff.After(holder.Failures++, FirstBackoff, LongestBackoff);
        holder.NotBefore = now + (long)(backoff.TotalSeconds * _clock.TimestampFrequency);
    }

    private async Task AwaitAsync(Holder holder, long number, CancellationToken cancellation)
    {
        while (holder.Applied.Position < number)
        {
            cancellation.ThrowIfCancellationRequested();
            Task? reported;
            TimeSpan left;
            lock (holder) (left, reported) = (CountedFor(holder), holder.Reported(cancellation));
            if (left <= TimeSpan.Zero) return;
            var applied = holder.Applied.WaitForAsync(number, cancellation);
            try
            {
                var either = reported is null ? applied : Task.WhenAny(applied, reported);
                await either.WaitAsync(left, _clock, cancellation).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                // The lease ended, or was given again meanwhile.
            }
        }
    }

    /// <summary>For how long a region is counted from now on: while it may hold a lease, or is about to join.</summary>
    private TimeSpan CountedFor(Holder holder)
    {
        lock (holder)
        {
            var length = holder.HasBeenGranted || holder.IsReporting ? Length : TimeSpan.Zero;
            var lease = length - _clock.GetElapsedTime(holder.MayBeGranted);
            // A lease that a process before this one gave.
            var earlier = _longestGiven - _clock.GetElapsedTime(Volatile.Read(ref _started));
            var join = holder.Join is { } joining ? CatchUpTime - _clock.GetElapsedTime(joining.At) : TimeSpan.Zero;
            return new[] { lease, earlier, join }.Max();
        }
    }

    private Holder HolderOf(RegionId region) => _holders.GetOrAdd(region, _ => new Holder(Volatile.Read(ref _started)));

    /// <summary>What is known of a region. All but what it has applied is under its lock.</summary>
    private sealed class Holder(long started)
    {
        /// <summary>How many leases in a row make a region steady, so that its failures are forgotten.</summary>
        private const int SteadyLeases = 60;

        private readonly PositionSignal _reports = new(0);
        private int _underWay, _steady;
        private long _begun = started;

        public PositionSignal Applied { get; } = new(0);

        /// <summary>The version of the topology that it has adopted, by its reports; 0 before the first.</summary>
        public long Adopted { get; set; }

        /// <summary>From when its last lease counts.</summary>
        public long Granted { get; private set; } = started;

        /// <summary>Whether a lease was given since the start.</summary>
        public bool HasBeenGranted { get; private set; }

        public bool IsReporting => _underWay > 0;

        /// <summary>From when a lease may count, with those that reports under way may still get.</summary>
        public long MayBeGranted => IsReporting ? Math.Max(Granted, _begun) : Granted;

        /// <summary>The head that it was last told and had not reached yet, and since when.</summary>
        public long Target { get; set; }

        public long TargetSet { get; set; } = started;

        /// <summary>Since when it is about to join, and to where it has to follow first; null where it is not.</summary>
        public (long At, long Target)? Join { get; set; }

        /// <summary>How often it could not keep up, and until when it gets no lease therefore.</summary>
        public int Failures { get; set; }

        public long NotBefore { get; set; } = started;

        public void Begin(long now)
        {
            _underWay++;
            _begun = Math.Max(_begun, now);
        }

        public void Grant(long now, bool isSteady)
        {
            HasBeenGranted = true;
            Granted = Math.Max(Granted, now);
            Join = null;
            _steady = isSteady ? _steady + 1 : 0;
            if (_steady >= SteadyLeases) Failures = 0;
        }

        public void End()
        {
            _underWay--;
            _reports.Advance();
        }

        /// <summary>Ends when a report under way has ended; null where none is.</summary>
        public Task? Reported(CancellationToken cancellation) =>
            IsReporting ? _reports.WaitForAsync(_reports.Position + 1, cancellation) : null;
    }
}
