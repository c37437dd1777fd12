using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Replication.Visibility;
using GeoRegistry.Repositories;

namespace GeoRegistry.Replication.Tails;

/// <summary>The state of a tail, as the rest of the region sees it: the one mutable holder of it.</summary>
/// <param name="source">The region whose feed is tailed.</param>
/// <param name="clock">The time.</param>
public sealed class TailState(RegionId source, TimeProvider clock)
{
    /// <summary>How long a source may be silent before what it may have made meanwhile counts as lag.</summary>
    private static readonly TimeSpan SilentTime = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Held while an answer of the source is taken, and while its incarnation changes: numbers of one say nothing of another.
    /// </summary>
    private readonly Lock _numbering = new();

    private long _head;
    private long _heardAt = long.MinValue;
    private long _caughtUpAt = clock.GetTimestamp();
    private int _setAside;
    private volatile Following _following = new(new PositionSignal(0), default);

    /// <summary>The region whose feed is tailed.</summary>
    public RegionId Source { get; } = source;

    /// <summary>What the tail does now.</summary>
    public TailActivity Activity { get; set; } = TailActivity.Connecting;

    /// <summary>How far the feed is applied and shown to readers here; another signal for another incarnation.</summary>
    public PositionSignal Applied => _following.Applied;

    /// <summary>What this region may show alone of what the source is the home of.</summary>
    public ReplicaVisibility Visibility { get; } = new(clock);

    /// <summary>The incarnation of the feed that is followed; none before the first entry.</summary>
    public Incarnation Incarnation
    {
        get => _following.Incarnation;
        internal set
        {
            lock (_numbering) _following = _following with { Incarnation = value };
        }
    }

    /// <summary>The last position of the source's feed that is applied here: a number, and the incarnation that it is of.</summary>
    public FeedPosition Position
    {
        get
        {
            var (applied, incarnation) = _following;
            return new FeedPosition(Source, incarnation, applied.Position);
        }
    }

    /// <summary>Whether a position of the source's feed is applied here; false for one of another incarnation.</summary>
    public bool HasApplied(FeedPosition position)
    {
        var here = Position;
        return position.Incarnation == here.Incarnation && position.Number <= here.Number;
    }

    /// <summary>How many of the source's ledgers are set aside here because they cannot be repaired.</summary>
    public int SetAside
    {
        get => Volatile.Read(ref _setAside);
        internal set => Volatile.Write(ref _setAside, value);
    }

    /// <summary>The feed's last number, by what was heard last.</summary>
    public long Head => Math.Max(Volatile.Read(ref _head), Applied.Position);

    /// <summary>How long ago the source was last heard; null before the first time.</summary>
    public TimeSpan? SinceHeard => Volatile.Read(ref _heardAt) is var at and not long.MinValue ? clock.GetElapsedTime(at) : null;

    /// <summary>How long ago all that the source had was applied here; null where nothing more is known to be there.</summary>
    public TimeSpan? Behind => Head > Applied.Position || SinceHeard > SilentTime || Activity == TailActivity.Diverged || SetAside > 0
        ? clock.GetElapsedTime(Volatile.Read(ref _caughtUpAt))
        : null;

    /// <summary>Someone found that the cursor cannot be trusted: all ledgers are to be compared with their home's.</summary>
    internal event Action? TakeOverRequested;

    internal void RequestTakeOver() => TakeOverRequested?.Invoke();

    /// <summary>Begins with what an earlier process had applied.</summary>
    internal void Begin(FeedCursor cursor)
    {
        Incarnation = cursor.Incarnation;
        Visibility.Begin(cursor.Position);
        Applied.Advance(cursor.Position);
    }

    /// <summary>
    /// Moves to where snapshots cover the feed, maybe of another incarnation, whose numbers have nothing to do
    /// with those before.
    /// </summary>
    internal void SkipTo(FeedCursor cursor)
    {
        lock (_numbering)
        {
            var before = _following;
            if (cursor.Incarnation != before.Incarnation)
            {
                Visibility.BeginIncarnation();
                Volatile.Write(ref _head, 0);
                _following = new Following(new PositionSignal(cursor.Position), cursor.Incarnation);
                before.Applied.Fail(new OtherRegionsUnreachableException(
                    $"Region {Source} continues under another incarnation, {cursor.Incarnation}."));
            }
        }

        Applied.Advance(cursor.Position);
    }

    /// <summary>Records an answer of the source.</summary>
    /// <param name="incarnation">The incarnation whose numbers it says. Where another is followed by now, it says only that the source
    /// is there.</param>
    /// <param name="askedAt">When it was asked, as a timestamp of the clock: what it says held then or later.</param>
    /// <param name="askedAtUtc">The same by the wall clock.</param>
    /// <param name="head">Its feed's last number.</param>
    /// <param name="lease">How long a lease it gave, from when it was asked; zero for none.</param>
    /// <param name="shown">The number up to which all who hold a lease have followed every change.</param>
    public void Heard(Incarnation incarnation, long askedAt, DateTimeOffset askedAtUtc, long head, TimeSpan lease, long shown)
    {
        HeardOther();
        lock (_numbering)
        {
            if (incarnation != Incarnation) return;
            Visibility.Heard(askedAt, askedAtUtc, head, Activity == TailActivity.Diverged ? TimeSpan.Zero : lease, shown);
            Volatile.Write(ref _head, head);
            if (Applied.Position >= head && Activity != TailActivity.Diverged && SetAside == 0)
                Volatile.Write(ref _caughtUpAt, askedAt);
        }
    }

    /// <summary>Records an answer of the source that is about another incarnation than the one that is followed.</summary>
    public void HeardOther() => Volatile.Write(ref _heardAt, clock.GetTimestamp());

    /// <summary>What is followed: the positions of one incarnation, and which.</summary>
    private sealed record Following(PositionSignal Applied, Incarnation Incarnation);
}

/// <summary>What a tail does.</summary>
public enum TailActivity
{
    /// <summary>It tries to reach its source.</summary>
    Connecting,

    /// <summary>It applies commits as they come.</summary>
    Live,

    /// <summary>It takes ledgers over as snapshots.</summary>
    Snapshot,

    /// <summary>Its source does not answer.</summary>
    Unreachable,

    /// <summary>
    /// Its source has another feed than the one that was followed: it lost data. Nothing is applied until an operator
    /// decides.
    /// </summary>
    Diverged,
}
