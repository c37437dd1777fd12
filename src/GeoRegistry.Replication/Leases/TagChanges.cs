using System.Collections.Concurrent;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Regions.Control;
using GeoRegistry.Repositories;

namespace GeoRegistry.Replication.Leases;

/// <summary>The tags that this home has just changed, which not every region knows of yet.</summary>
/// <remarks>
/// While a change spreads, a region that knows the new value must not show it as long as another may show the old one: a client would see a tag
/// go back. So the home lets those who read such a tag wait until the change is shown everywhere (a round trip; at worst the lease of
/// a region that fell silent), and replicas ask the home for tags whose change is not yet said to be known to all. With that, tags are linear.
/// </remarks>
public sealed class TagChanges(RegionMap map, ReadLeases leases, ILedgerStore ledgers, ReplicationOptions options, TimeProvider clock)
{
    /// <summary>How many of the last commits are looked at after a start, for those whose change may still be spreading.</summary>
    private const int MaxResumed = 4096;

    private readonly ConcurrentDictionary<(RepositoryName, Tag), Change> _byTag = new();
    private readonly ConcurrentDictionary<Change, long> _spreading = new();

    /// <summary>Ends when a tag's last change is shown everywhere; null where it is.</summary>
    public Task? SpreadOf(RepositoryName repository, Tag tag) => _byTag.TryGetValue((repository, tag), out var change) ? change.Shown : null;

    /// <summary>The position up to which every change is shown everywhere.</summary>
    /// <param name="head">The feed's last position, read before.</param>
    public long ShownThrough(long head) => _spreading.Values.Append(head).Min();

    /// <summary>Begins a change, before it can be read.</summary>
    public async ValueTask<IAnswerChange?> BeginAsync(RepositoryName repository, IReadOnlyList<Operation> operations, CancellationToken cancellation)
    {
        var extent = await ledgers.ReadFeedExtentAsync(map.Self, cancellation).ConfigureAwait(false);
        return Begin(repository, operations, extent.Head);
    }

    /// <summary>Takes up the changes that were spreading when the process before this one ended.</summary>
    public async Task ResumeAsync(CancellationToken cancellation)
    {
        var extent = await ledgers.ReadFeedExtentAsync(map.Self, cancellation).ConfigureAwait(false);

        // What is older is shown everywhere: the leases of then have ended. A commit may have waited for the disk after it got its time.
        var oldest = clock.GetUtcNow() - (2 * options.StalenessBound);
        for (var after = Math.Max(extent.Oldest, extent.Head - MaxResumed); ;)
        {
            var entries = await ledgers.ReadFeedAsync(map.Self, after, 256, cancellation).ConfigureAwait(false);
            if (entries.Count == 0) return;
            foreach (var entry in entries.Where(entry => !entry.Encoded.IsEmpty))
            {
                var commit = CommitCodec.Decode(entry.Encoded);
                if (commit.At >= oldest) _ = Begin(RepositoryName.Parse(commit.Ledger.Name), commit.Operations, entry.Position - 1).Appended(entry.Position);
            }

            after = entries[^1].Position;
        }
    }

    /// <summary>The tags that operations set or delete.</summary>
    internal static IEnumerable<Tag> TagsOf(IEnumerable<Operation> operations) => operations.Select(operation => operation switch
    {
        Operation.TagSet(var tag, _) => tag,
        Operation.TagDeleted(var tag) => tag,
        _ => (Tag?)null,
    }).OfType<Tag>();

    private Change Begin(RepositoryName repository, IReadOnlyList<Operation> operations, long before)
    {
        // Those who read what one before it set wait for that too, also where this one comes to nothing.
        var tags = TagsOf(operations).Distinct().ToList();
        var earlier = Task.WhenAll(tags.Select(tag => SpreadOf(repository, tag)).OfType<Task>());
        var change = new Change(this, repository, tags, earlier);
        _spreading[change] = before;
        foreach (var tag in change.Tags) _byTag[(repository, tag)] = change;
        return change;
    }

    private Task SpreadAsync(RepositoryName repository, long position) => leases.AwaitAsync(repository, position, CancellationToken.None);

    // Where it is not known whether it was appended, it is after the leases of now have ended, and then it is as any other commit.
    private async Task SpreadIfAppendedAsync(RepositoryName repository)
    {
        var head = (long?)null;
        while (head is null)
        {
            await Task.Delay(options.StalenessBound, clock).ConfigureAwait(false);
            head = await TryReadHeadAsync().ConfigureAwait(false);
        }

        await SpreadAsync(repository, head.Value).ConfigureAwait(false);
    }

    // A store that failed an append may go on failing for a while.
    private async Task<long?> TryReadHeadAsync()
    {
        try
        {
            return (await ledgers.ReadFeedExtentAsync(map.Self, CancellationToken.None).ConfigureAwait(false)).Head;
        }
        catch (Exception)
        {
            return null;
        }
    }

    private async Task EndAfterAsync(Change change, Task spread)
    {
        await Task.WhenAll(spread, change.Earlier).ConfigureAwait(false);
        foreach (var tag in change.Tags) _byTag.TryRemove(KeyValuePair.Create((change.Repository, tag), change));
        _spreading.TryRemove(change, out _);
        change.End();
    }

    private sealed class Change(TagChanges changes, RepositoryName repository, IReadOnlyList<Tag> tags, Task earlier) : IAnswerChange
    {
        private readonly TaskCompletionSource _shown = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public RepositoryName Repository => repository;

        public IReadOnlyList<Tag> Tags => tags;

        /// <summary>Ends when the changes of its tags that spread when it began are shown everywhere.</summary>
        public Task Earlier => earlier;

        public Task Shown => _shown.Task;

        public Task Appended(long position) => changes.EndAfterAsync(this, changes.SpreadAsync(repository, position));

        public void Failed(bool isUnknown) => _ = changes.EndAfterAsync(this, isUnknown ? changes.SpreadIfAppendedAsync(repository) : Task.CompletedTask);

        public void End() => _shown.SetResult();
    }
}
