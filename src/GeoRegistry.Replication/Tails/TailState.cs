using System.Collections.Concurrent;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;

namespace GeoRegistry.Replication.Tails;

/// <summary>How a tail stands, as the rest of the region sees it: the one mutable holder of it.</summary>
/// <param name="source">The region whose feed is tailed.</param>
/// <param name="clock">The time.</param>
public sealed class TailState(RegionId source, TimeProvider clock)
{
    /// <summary>How long a source may be silent before what it may have made meanwhile counts as lag.</summary>
    private static readonly TimeSpan SilentTime = TimeSpan.FromSeconds(5);

    private const long Unknown = long.MaxValue;

    private readonly ConcurrentDictionary<(RepositoryName, Tag), long> _changed = new();
    private readonly Lock _doubts = new();
    private long _doubtful; // The position up to which changes of any tag may be here that not all know of; 0 for none.
    private long _replacedAt = Unknown;
    private long _head;
    private Lease _lease = new(0, TimeSpan.Zero);
    private long _heardAt = long.MinValue;
    private long _caughtUpAt = clock.GetTimestamp();

    /// <summary>The region whose feed is tailed.</summary>
    public RegionId Source { get; } = source;

    /// <summary>What the tail does now.</summary>
    public TailActivity Activity { get; set; } = TailActivity.Connecting;

    /// <summary>How far the feed is applied and shown to readers here.</summary>
    public PositionSignal Applied { get; } = new(0);

    /// <summary>The feed's last position, by what was heard last.</summary>
    public long Head => Math.Max(Volatile.Read(ref _head), Applied.Position);

    /// <summary>Whether this region may answer alone what the source is the home of.</summary>
    public bool HoldsLease => Volatile.Read(ref _lease) is var lease && lease.Length > TimeSpan.Zero && clock.GetElapsedTime(lease.From) < lease.Length;

    /// <summary>Whether this region may answer alone what a tag names now: it holds a lease, and all regions know the tag's last change.</summary>
    /// <remarks>
    /// To be asked after the tag was read: a change is noted before it can be read. That the lease was held before the tag was read too is for the caller
    /// to see to, by <see cref="HoldsLease"/>: what was read without one may be older than what was acknowledged then.
    /// </remarks>
    public bool MayShow(RepositoryName repository, Tag tag) => HoldsLease && Volatile.Read(ref _doubtful) == 0 && !_changed.ContainsKey((repository, tag));

    /// <summary>Takes up what a process before this one had applied; not all may know of its last changes.</summary>
    internal void Begin(long position)
    {
        lock (_doubts) _doubtful = position;
        Applied.Advance(position);
    }

    /// <summary>Ledgers are about to be replaced by what the source has now, which may be more than the feed has brought.</summary>
    internal void BeginReplacing()
    {
        lock (_doubts) (_doubtful, _replacedAt) = (Unknown, Unknown);
    }

    /// <summary>Ledgers were replaced: all that came with them is in the feed before the head that the source tells next.</summary>
    internal void EndReplacing()
    {
        lock (_doubts) _replacedAt = clock.GetTimestamp();
    }

    /// <summary>Notes tags that are about to change here.</summary>
    internal void NoteChanges(RepositoryName repository, IEnumerable<Tag> tags, long position)
    {
        foreach (var tag in tags) _changed[(repository, tag)] = position;
    }

    /// <summary>How long ago the source was last heard; null before the first time.</summary>
    public TimeSpan? SinceHeard => Since(ref _heardAt);

    /// <summary>How long ago all that the source had was applied here; null where nothing more is known to be there.</summary>
    public TimeSpan? Behind => Head > Applied.Position || SinceHeard > SilentTime || Activity == TailActivity.Foreign ? clock.GetElapsedTime(Volatile.Read(ref _caughtUpAt)) : null;

    /// <summary>Takes note of an answer of the source.</summary>
    /// <param name="askedAt">When it was asked, as a timestamp of the clock: what it says held then or later.</param>
    /// <param name="head">Its feed's last position.</param>
    /// <param name="lease">How long a lease it gave, from when it was asked; zero for none.</param>
    /// <param name="shown">The position up to which all regions know of every change.</param>
    public void Heard(long askedAt, long head, TimeSpan lease, long shown)
    {
        foreach (var (tag, position) in _changed)
        {
            if (position <= shown) _changed.TryRemove(KeyValuePair.Create(tag, position));
        }

        lock (_doubts)
        {
            if (_doubtful == Unknown && askedAt > _replacedAt) _doubtful = head;
            if (_doubtful <= shown) _doubtful = 0;
        }

        Volatile.Write(ref _heardAt, clock.GetTimestamp());
        Volatile.Write(ref _head, head);
        if (Applied.Position >= head && Activity != TailActivity.Foreign) Volatile.Write(ref _caughtUpAt, askedAt);
        if (lease > TimeSpan.Zero) Volatile.Write(ref _lease, new Lease(askedAt, lease));
    }

    private sealed record Lease(long From, TimeSpan Length);

    private TimeSpan? Since(ref long timestamp) => Volatile.Read(ref timestamp) is var at and not long.MinValue ? clock.GetElapsedTime(at) : null;
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

    /// <summary>Its source has another feed than the one that was followed: it lost data. Nothing is applied until an operator decides.</summary>
    Foreign,
}
