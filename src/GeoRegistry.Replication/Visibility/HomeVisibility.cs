using System.Collections.Concurrent;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Regions.Control;
using GeoRegistry.Repositories.Regions;

namespace GeoRegistry.Replication.Visibility;

/// <summary>The names that this home has just changed and that not every region has followed yet.</summary>
/// <remarks>
/// While a change spreads, a region that knows the new state must not show it as long as another may show the old one: a client
/// would see a tag go back, or a deleted manifest come back. So the home lets readers of such a name wait until the change is
/// shown everywhere (a round trip; at worst the lease of a region that fell silent), and replicas ask the home for names whose
/// change is not yet said to be shown. With that, reads of manifests are linear, by tag and by digest.
/// </remarks>
public sealed class HomeVisibility(RegionMap map, ReadLeases leases, ILedgerStore ledgers, IRegionRecord record,
    TimeProvider clock) : IVisibility
{
    /// <summary>
    /// How many of the last commits are looked at after a start at most; it is noted every second up to where all are
    /// shown, so there are few.
    /// </summary>
    private const int MaxResumed = 65536;

    private readonly ConcurrentDictionary<(RepositoryName, string), Change> _byName = new();

    /// <summary>Ends when a name's last change is shown everywhere; null where it is.</summary>
    public Task? ShownOf(RepositoryName repository, string name) =>
        _byName.TryGetValue((repository, name), out var change) ? change.Shown : null;

    /// <inheritdoc/>
    public ValueTask<IVisibleChange?> BeginChangeAsync(
        RepositoryName repository, IReadOnlyList<string> names, CancellationToken cancellation = default) =>
        new(Begin(repository, names));

    /// <inheritdoc/>
    public Task AwaitShownAsync(RepositoryName repository, IReadOnlyList<string> names) =>
        Task.WhenAll(names.Select(name => ShownOf(repository, name)).OfType<Task>());

    /// <inheritdoc/>
    public Task AwaitFollowedAsync(RepositoryName repository, FeedPosition position, CancellationToken cancellation = default) =>
        leases.AwaitAsync(repository, position.Number, cancellation);

    /// <summary>
    /// Begins with what an earlier process left: leases that it may have given, and changes that were spreading when
    /// it ended.
    /// </summary>
    public async Task ResumeAsync(CancellationToken cancellation)
    {
        var remembered = await record.ReadRecordAsync(cancellation).ConfigureAwait(false);
        leases.Resume(remembered.LongestLease);

        // On disk before the first is given; a shorter one counts only when the longer ones have ended (see KeepRecordAsync).
        if (leases.Length > remembered.LongestLease) await record.SetLongestLeaseAsync(leases.Length, cancellation).ConfigureAwait(false);
        var extent = await ledgers.ReadFeedExtentAsync(map.Self, cancellation).ConfigureAwait(false);
        for (var after = extent.At(map.Self, new[] { extent.Oldest, remembered.ShownThrough, extent.Head - MaxResumed }.Max()); ;)
        {
            var entries = await ledgers.ReadFeedAsync(after, 256, cancellation).ConfigureAwait(false);
            if (entries.Count == 0) return;
            foreach (var entry in entries.Where(entry => entry.Ledger is not null))
            {
                // What cannot be read says no names; it must not keep the region from starting.
                if (CommitCodec.TryDecode(entry.Encoded) is not { } commit) continue;
                _ = Begin(RepositoryName.Parse(entry.Ledger!.Value.Name), [.. VisibleNames.ChangedBy(commit.Operations)])
                    .Appended(extent.At(map.Self, entry.Position));
            }

            after = extent.At(map.Self, entries[^1].Position);
        }
    }

    /// <summary>Notes at intervals up to where everything is shown, for the next start.</summary>
    public async Task KeepRecordAsync(TimeSpan interval, CancellationToken stopping)
    {
        var (noted, started) = (-1L, clock.GetTimestamp());
        var longest = (await record.ReadRecordAsync(stopping).ConfigureAwait(false)).LongestLease;
        using var timer = new PeriodicTimer(interval, clock);
        while (await timer.WaitForNextTickAsync(stopping).ConfigureAwait(false))
        {
            var head = (await ledgers.ReadFeedExtentAsync(map.Self, stopping).ConfigureAwait(false)).Head;
            if (leases.ShownThrough(head) is var shown && shown > noted)
                await record.SetShownThroughAsync(noted = shown, stopping).ConfigureAwait(false);
            if (longest > leases.Length && clock.GetElapsedTime(started) >= longest)
                await record.SetLongestLeaseAsync(longest = leases.Length, stopping).ConfigureAwait(false);
        }
    }

    private Change Begin(RepositoryName repository, IReadOnlyList<string> names)
    {
        // Those who read what an earlier change changed wait for that too, even where this one is not appended.
        var earlier = Task.WhenAll(names.Select(name => ShownOf(repository, name)).OfType<Task>());
        var change = new Change(this, repository, names, earlier);
        foreach (var name in names) _byName[(repository, name)] = change;
        return change;
    }

    // Where it is not known whether it was appended, it is after the leases of now have ended, and then it is as any other commit.
    private async Task AwaitShownIfAppendedAsync(RepositoryName repository)
    {
        var end = (FeedPosition?)null;
        while (end is null)
        {
            await Task.Delay(leases.Length, clock).ConfigureAwait(false);
            end = await TryReadEndAsync().ConfigureAwait(false);
        }

        await AwaitFollowedAsync(repository, end.Value).ConfigureAwait(false);
    }

    // A store that failed an append may go on failing for a while.
    private async Task<FeedPosition?> TryReadEndAsync()
    {
        try
        {
            return (await ledgers.ReadFeedExtentAsync(map.Self, CancellationToken.None).ConfigureAwait(false)).EndOf(map.Self);
        }
        catch (Exception)
        {
            return null;
        }
    }

    private async Task EndAfterAsync(Change change, Task shown)
    {
        await Task.WhenAll(shown, change.Earlier).ConfigureAwait(false);
        foreach (var name in change.Names) _byName.TryRemove(KeyValuePair.Create((change.Repository, name), change));
        change.End();
    }

    private sealed class Change(HomeVisibility visibility, RepositoryName repository, IReadOnlyList<string> names,
        Task earlier) : IVisibleChange
    {
        private readonly TaskCompletionSource _shown = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public RepositoryName Repository => repository;

        public IReadOnlyList<string> Names => names;

        /// <summary>Ends when the changes of its names that were spreading when it began are shown everywhere.</summary>
        public Task Earlier => earlier;

        public Task Shown => _shown.Task;

        public Task Appended(FeedPosition position) =>
            visibility.EndAfterAsync(this, visibility.AwaitFollowedAsync(repository, position));

        public void Failed(bool isUnknown) => _ = visibility.EndAfterAsync(
            this, isUnknown ? visibility.AwaitShownIfAppendedAsync(repository) : Task.CompletedTask);

        public void End() => _shown.SetResult();
    }
}
