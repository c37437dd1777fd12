using System.Collections.Concurrent;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Regions.Control;

namespace GeoRegistry.Replication.Leases;

/// <summary>The home's side of read leases: which regions may answer alone from what they have of this home, and until when.</summary>
/// <remarks>
/// <para>
/// A replica answers tags by itself while it holds a lease; it counts the lease from when it asked, the home from when it was asked, which is
/// later. So when this home has waited until every lease ended or its holder has applied a commit, no region answers what stood before.
/// Clocks must run at about the same rate; they need not agree.
/// </para>
/// <para>Leases are not stored: after a start every region is taken to hold one.</para>
/// </remarks>
public sealed class ReadLeases
{
    /// <summary>How long a region may need to catch up with the head it was told before it gets no further lease: then nobody waits for it.</summary>
    private static readonly TimeSpan CatchUpTime = TimeSpan.FromSeconds(1);

    private readonly RegionMap _map;
    private readonly ReplicationOptions _options;
    private readonly TimeProvider _clock;
    private readonly long _started;
    private readonly ConcurrentDictionary<RegionId, Holder> _holders = new();

    /// <summary>The leases of this region's replicas elsewhere.</summary>
    public ReadLeases(RegionMap map, ReplicationOptions options, TimeProvider clock)
    {
        _map = map;
        _options = options;
        _clock = clock;
        _started = clock.GetTimestamp();
    }

    /// <summary>Takes note of how far a region has applied this region's feed, and gives it a lease where it keeps up.</summary>
    /// <param name="region">The region.</param>
    /// <param name="applied">The position that it has applied.</param>
    /// <param name="readHead">Reads the feed's last position.</param>
    /// <returns>The feed's last position, and how long a lease the region has from when it asked: <see cref="ReplicationOptions.StalenessBound"/> or none.</returns>
    /// <remarks>
    /// A region without a lease gets one only when it has applied everything: commits were acknowledged without it. One that holds a lease
    /// may be a moment behind, as nothing newer was acknowledged. The lease counts before the head is read, so that a commit that is appended
    /// meanwhile either is seen here or waits for the lease.
    /// </remarks>
    public async Task<(long Head, TimeSpan Lease)> ReportAsync(RegionId region, long applied, Func<ValueTask<long>> readHead)
    {
        var holder = HolderOf(region);
        var now = _clock.GetTimestamp();
        bool isHeld;
        lock (holder)
        {
            isHeld = holder.HasBeenGranted && _clock.GetElapsedTime(holder.Granted, now) < _options.StalenessBound;
            holder.Begin(now);
        }

        try
        {
            holder.Applied.Advance(applied);
            var head = await readHead().ConfigureAwait(false);
            lock (holder) return (head, Judge(holder, now, applied, head, isHeld) ? _options.StalenessBound : TimeSpan.Zero);
        }
        finally
        {
            lock (holder) holder.End();
        }
    }

    /// <summary>How far a region has said that it has applied this region's feed; 0 before it said anything.</summary>
    public long AppliedBy(RegionId region) => HolderOf(region).Applied.Position;

    /// <summary>Returns once every region that may have a repository has applied a commit or holds no lease.</summary>
    public Task AwaitAsync(RepositoryName repository, long position, CancellationToken cancellation)
    {
        var policy = _map.Current.PolicyOf(repository);
        return Task.WhenAll(_map.Others.Where(region => policy.Allows(region.Id)).Select(region => AwaitAsync(HolderOf(region.Id), position, cancellation)));
    }

    private bool Judge(Holder holder, long now, long applied, long head, bool isHeld)
    {
        if (applied >= holder.Target)
        {
            holder.Target = head;
            holder.TargetSet = now;
        }

        // One that is beyond the head has followed another feed than this.
        var hasLease = applied == head || (applied < head && isHeld && _clock.GetElapsedTime(holder.TargetSet, now) < CatchUpTime);
        if (hasLease) holder.Grant(now);
        return hasLease;
    }

    private async Task AwaitAsync(Holder holder, long position, CancellationToken cancellation)
    {
        while (holder.Applied.Position < position)
        {
            cancellation.ThrowIfCancellationRequested();
            long mayBeGranted;
            Task? judged;
            lock (holder) (mayBeGranted, judged) = (holder.MayBeGranted, holder.Judged(cancellation));
            var left = _options.StalenessBound - _clock.GetElapsedTime(mayBeGranted);
            if (left <= TimeSpan.Zero) return;
            var applied = holder.Applied.WaitForAsync(position, cancellation);
            try
            {
                await (judged is null ? applied : Task.WhenAny(applied, judged)).WaitAsync(left, _clock, cancellation).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                // The lease ended, or was given anew meanwhile.
            }
        }
    }

    private Holder HolderOf(RegionId region) => _holders.GetOrAdd(region, _ => new Holder(_started));

    /// <summary>What is known of a region. All but what it has applied is under its lock.</summary>
    private sealed class Holder(long started)
    {
        private readonly PositionSignal _judgements = new(0);
        private int _underWay;
        private long _begun = started;

        public PositionSignal Applied { get; } = new(0);

        /// <summary>From when its last lease counts.</summary>
        public long Granted { get; private set; } = started;

        /// <summary>False until a lease was given since the start; before, one of an earlier process may be held.</summary>
        public bool HasBeenGranted { get; private set; }

        /// <summary>From when a lease may count, with those that are not yet judged.</summary>
        public long MayBeGranted => _underWay > 0 ? Math.Max(Granted, _begun) : Granted;

        /// <summary>The head that it was last told and had not reached yet.</summary>
        public long Target { get; set; }

        public long TargetSet { get; set; } = started;

        public void Begin(long now)
        {
            _underWay++;
            _begun = Math.Max(_begun, now);
        }

        public void Grant(long now)
        {
            HasBeenGranted = true;
            Granted = Math.Max(Granted, now);
        }

        public void End()
        {
            _underWay--;
            _judgements.Advance(_judgements.Position + 1);
        }

        /// <summary>Ends when a report under way has been judged; null where none is.</summary>
        public Task? Judged(CancellationToken cancellation) => _underWay > 0 ? _judgements.WaitForAsync(_judgements.Position + 1, cancellation) : null;
    }
}
