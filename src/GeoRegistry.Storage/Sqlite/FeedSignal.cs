using System.Collections.Concurrent;
using GeoRegistry.Ledgers;

namespace GeoRegistry.Storage.Sqlite;

/// <summary>Wakes those who wait for a feed to go on. An advance that nobody waits for allocates nothing.</summary>
internal sealed class FeedSignal
{
    private readonly ConcurrentDictionary<RegionId, Feed> _feeds = [];

    /// <summary>Notes a position that is on disk.</summary>
    public void Advance(RegionId region, long position) => Of(region).Advance(position);

    /// <summary>Returns once a position after this one was noted.</summary>
    /// <param name="region">The region.</param>
    /// <param name="after">The position.</param>
    /// <param name="readLast">Reads the last position of the feed, once: it may have been appended before this process began.</param>
    /// <param name="cancellation">Gives up.</param>
    public Task WaitAsync(RegionId region, long after, Func<long> readLast, CancellationToken cancellation) =>
        Of(region).WaitAsync(after, readLast, cancellation);

    private Feed Of(RegionId region) => _feeds.GetOrAdd(region, static _ => new Feed());

    private sealed class Feed
    {
        private long _last;
        private volatile bool _isRead;
        private TaskCompletionSource? _waiting;

        public void Advance(long position)
        {
            for (var last = Volatile.Read(ref _last); last < position;)
            {
                var seen = Interlocked.CompareExchange(ref _last, position, last);
                if (seen == last) break;
                last = seen;
            }

            // A waiter sets _waiting before it looks at _last, and here it is the other way round: one of the two sees the other.
            Interlocked.MemoryBarrier();
            if (_waiting is not null) Interlocked.Exchange(ref _waiting, null)?.SetResult();
        }

        public async Task WaitAsync(long after, Func<long> readLast, CancellationToken cancellation)
        {
            if (!_isRead)
            {
                Advance(readLast());
                _isRead = true;
            }

            while (Volatile.Read(ref _last) <= after)
            {
                var next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                var waiting = Interlocked.CompareExchange(ref _waiting, next, null) ?? next;
                if (Volatile.Read(ref _last) > after) return;
                await waiting.Task.WaitAsync(cancellation).ConfigureAwait(false);
            }
        }
    }
}
