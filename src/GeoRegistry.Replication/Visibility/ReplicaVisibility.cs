using System.Collections.Concurrent;
using GeoRegistry.Protocol;

namespace GeoRegistry.Replication.Visibility;

/// <summary>The replica's side of visibility: what this region may show alone of what another region is the home of.</summary>
/// <param name="clock">The time.</param>
public sealed class ReplicaVisibility(TimeProvider clock)
{
    /// <summary>How much of a lease is used: clocks of two regions may run at slightly different rates.</summary>
    private const double UsedShare = 0.95;

    private const long Unknown = long.MaxValue;

    private readonly ConcurrentDictionary<(RepositoryName, string), long> _changed = new();
    private readonly Lock _uncertainty = new();
    private long _uncertainTo; // The number up to which changes of any name may be here that not all have followed; 0 for none.
    private long _replacedAt = Unknown;
    private bool _isReplacing;
    private int _repairs;
    private Lease _lease = new(0, default, TimeSpan.Zero);

    /// <summary>Whether this region may answer alone.</summary>
    /// <remarks>
    /// The clock of the machine may stop while it sleeps, and its wall clock may be set; the larger of both times
    /// counts.
    /// </remarks>
    public bool HoldsLease
    {
        get
        {
            var lease = Volatile.Read(ref _lease);
            return lease.Length > TimeSpan.Zero && clock.GetElapsedTime(lease.From) < lease.Length
                && clock.GetUtcNow() - lease.FromUtc < lease.Length;
        }
    }

    /// <summary>
    /// Whether this region may answer alone what a name is now: it holds a lease, and all regions have followed
    /// the name's last change.
    /// </summary>
    /// <remarks>
    /// To be asked after the name was read: a change is noted before it can be read. That the lease was held before the name was
    /// read too is for the caller to see to, by <see cref="HoldsLease"/>: what was read without one may be older than what was
    /// acknowledged then.
    /// </remarks>
    public bool MayShow(RepositoryName repository, string name) =>
        HoldsLease && Volatile.Read(ref _uncertainTo) == 0 && !_changed.ContainsKey((repository, name));

    /// <summary>Begins with what an earlier process had applied; not all may have followed its last changes.</summary>
    internal void Begin(long number)
    {
        lock (_uncertainty) _uncertainTo = number;
    }

    /// <summary>
    /// Begins with another incarnation of the feed, while ledgers are replaced: what is here may be older than what was there, and the
    /// numbers of the names' last changes say nothing any more.
    /// </summary>
    internal void BeginIncarnation()
    {
        DropLease();
        _changed.Clear();
    }

    /// <summary>What is here may be older than what was there: nothing that is read now is shown alone.</summary>
    internal void DropLease() => Volatile.Write(ref _lease, new Lease(0, default, TimeSpan.Zero));

    /// <summary>The tail is about to replace ledgers by what the source has now, which may be more than the feed has brought.</summary>
    internal void BeginReplacing()
    {
        lock (_uncertainty)
        {
            _isReplacing = true;
            BeUncertain();
        }
    }

    /// <summary>The tail has replaced them: all that came with them is in the feed before the head that the source tells next.</summary>
    internal void EndReplacing()
    {
        lock (_uncertainty)
        {
            _isReplacing = false;
            NoteReplaced();
        }
    }

    /// <summary>
    /// As <see cref="BeginReplacing"/>, for one ledger that is damaged here; it may be beside the tail and other repairs.
    /// </summary>
    internal void BeginRepair()
    {
        lock (_uncertainty)
        {
            _repairs++;
            BeUncertain();
        }
    }

    /// <summary>Ends what <see cref="BeginRepair"/> began. The uncertainty ends when the last of all replacements has ended.</summary>
    internal void EndRepair()
    {
        lock (_uncertainty)
        {
            _repairs--;
            NoteReplaced();
        }
    }

    /// <summary>Notes names that are about to change here.</summary>
    internal void NoteChanges(RepositoryName repository, IEnumerable<string> names, long number)
    {
        foreach (var name in names) _changed[(repository, name)] = number;
    }

    /// <summary>Records an answer of the source; as <see cref="Tails.TailState.Heard"/>.</summary>
    internal void Heard(long askedAt, DateTimeOffset askedAtUtc, long head, TimeSpan lease, long shown)
    {
        foreach (var (name, number) in _changed)
        {
            if (number <= shown) _changed.TryRemove(KeyValuePair.Create(name, number));
        }

        lock (_uncertainty)
        {
            if (_uncertainTo == Unknown && askedAt > _replacedAt) _uncertainTo = head;
            if (_uncertainTo <= shown) _uncertainTo = 0;
        }

        if (lease > TimeSpan.Zero) Volatile.Write(ref _lease, new Lease(askedAt, askedAtUtc, lease * UsedShare));
    }

    private void BeUncertain() => (_uncertainTo, _replacedAt) = (Unknown, Unknown);

    private void NoteReplaced()
    {
        if (!_isReplacing && _repairs == 0) _replacedAt = clock.GetTimestamp();
    }

    private sealed record Lease(long From, DateTimeOffset FromUtc, TimeSpan Length);
}
