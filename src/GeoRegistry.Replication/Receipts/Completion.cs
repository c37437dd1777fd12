using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Ledgers.Verification;
using GeoRegistry.Protocol;
using GeoRegistry.Regions.Control;
using GeoRegistry.Replication.Hydration;
using GeoRegistry.Replication.Peers;
using GeoRegistry.Replication.Tails;

namespace GeoRegistry.Replication.Receipts;

/// <summary>Tells, and waits until, commits are complete: here, and by asking in other regions.</summary>
/// <remarks>
/// A commit is complete in a region when it is applied there, no ledgers of its home are still to be taken over or its own set
/// aside, and every blob of the images that it puts or tags, their children's too, that the policy wants there is stored there. It
/// is decided from the ledger and the store; the hydration queue only signals it sooner.
/// </remarks>
public sealed class Completion(
    RegionMap map,
    TailStates tails,
    ILedgerStore ledgers,
    IHydrationQueue queue,
    IRegionRecord record,
    ILedgerVerification links,
    WantedBlobs wanted,
    ImageBlobs images,
    FeedApplication application,
    BlobFetches fetches,
    PeerClient peers,
    TimeProvider clock)
{
    /// <summary>How many may wait here at a time: each takes some memory, and looks again whenever a blob was stored.</summary>
    internal const int MaxWaits = 4096;

    /// <summary>How much longer than the wait itself an answer of another region may take.</summary>
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(3);

    /// <summary>
    /// How long until a region that could not be reached is asked again, and until this one looks again though nothing
    /// was heard.
    /// </summary>
    private static readonly TimeSpan AskInterval = TimeSpan.FromMilliseconds(250), LookInterval = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _lookingAtAll = new(1, 1);
    private int _waits;

    /// <summary>How many wait here now.</summary>
    internal int Waits => Volatile.Read(ref _waits);

    /// <summary>
    /// Waits until a commit is complete in this region. Where very many wait already, it returns the commit's state now.
    /// </summary>
    /// <param name="repository">The commit's repository.</param>
    /// <param name="position">The commit.</param>
    /// <param name="image">The manifest that was pushed, which counts also where its push changed nothing; null where it is not
    /// known.</param>
    /// <param name="wait">How long to wait at most.</param>
    /// <param name="cancellation">Cancels the wait.</param>
    public async Task<CompletionState> AwaitHereAsync(
        RepositoryName repository, FeedPosition position, Digest? image, TimeSpan wait, CancellationToken cancellation)
    {
        var now = await ReadStateAsync(repository, position, image, cancellation).ConfigureAwait(false);
        if (now is not CompletionState.Pending || wait <= TimeSpan.Zero) return now;
        using var limit = new CancellationTokenSource(wait, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        try
        {
            if (Interlocked.Increment(ref _waits) > MaxWaits) return now;
            while (true)
            {
                var completions = fetches.Completions.Position;
                if (await ReadStateAsync(repository, position, image, either.Token).ConfigureAwait(false)
                    is var state and not CompletionState.Pending) return state;
                await AwaitNewsAsync(position, completions, either.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return CompletionState.Pending;
        }
        finally
        {
            Interlocked.Decrement(ref _waits);
        }
    }

    /// <summary>Waits until a commit is complete in a region; one that cannot be reached is asked again until then.</summary>
    public async Task<CompletionState> AwaitInAsync(
        RegionId region, RepositoryName repository, FeedPosition position, Digest? image, TimeSpan wait, CancellationToken cancellation)
    {
        if (region == map.Self) return await AwaitHereAsync(repository, position, image, wait, cancellation).ConfigureAwait(false);
        var began = clock.GetTimestamp();
        while (true)
        {
            var left = wait - clock.GetElapsedTime(began);
            if (left < TimeSpan.Zero) left = TimeSpan.Zero;
            if (await AskAsync(region, repository, position, image, left, cancellation).ConfigureAwait(false) is { } state) return state;
            if (left == TimeSpan.Zero) return CompletionState.Unreachable;
            await Task.Delay(AskInterval, clock, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Waits until a commit is complete in some of these regions.</summary>
    /// <param name="repository">The commit's repository.</param>
    /// <param name="position">The commit.</param>
    /// <param name="image">The manifest that was pushed; null where it is not known.</param>
    /// <param name="regions">The regions that count.</param>
    /// <param name="count">How many of them.</param>
    /// <param name="wait">How long to wait at most.</param>
    /// <returns>Whether it is.</returns>
    public async Task<bool> AwaitAsync(
        RepositoryName repository,
        FeedPosition position,
        Digest? image,
        IReadOnlyList<RegionId> regions,
        int count,
        TimeSpan wait,
        CancellationToken cancellation)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var asked = regions.Select(region => AwaitInAsync(region, repository, position, image, wait, enough.Token)).ToList();
        try
        {
            while (count > 0 && asked.Count >= count)
            {
                var answered = await Task.WhenAny(asked).ConfigureAwait(false);
                asked.Remove(answered);
                if (await answered.ConfigureAwait(false) == CompletionState.Complete) count--;
            }

            return count <= 0;
        }
        finally
        {
            await enough.CancelAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Finds the repository of a commit: by what is kept here, else by what its home keeps.</summary>
    public async Task<ReceiptLookup> FindRepositoryAsync(FeedPosition position, CancellationToken cancellation)
    {
        if (position.Region == map.Self) return await FindHereAsync(position, cancellation).ConfigureAwait(false);
        if (IsFollowed(position)
            && await ledgers.FindEntryAsync(position, cancellation).ConfigureAwait(false)
                is { Ledger: { } ledger }) return new ReceiptLookup(ledger.Name, CompletionState.Complete);
        try
        {
            return await peers.AskAsync<ReceiptLookup>(
                position.Region,
                HttpMethod.Get,
                $"/peer/feed/repository?position={position}",
                cancellation,
                AnswerTime).ConfigureAwait(false);
        }
        catch (Exception e) when (PeerClient.IsFailureToAnswer(e))
        {
            return ReceiptLookup.NotKnownYet;
        }
    }

    /// <summary>Finds the repository of a commit that this region made.</summary>
    public async Task<ReceiptLookup> FindHereAsync(FeedPosition position, CancellationToken cancellation)
    {
        var extent = await ledgers.ReadFeedExtentAsync(map.Self, cancellation).ConfigureAwait(false);
        if (position.Incarnation != extent.Incarnation) return new ReceiptLookup(null, CompletionState.Orphaned);
        if (position.Number > extent.Head) return ReceiptLookup.NotKnownYet;
        var entry = await ledgers.FindEntryAsync(position, cancellation).ConfigureAwait(false);
        return new ReceiptLookup(entry?.Ledger?.Name, CompletionState.Complete);
    }

    private async Task<CompletionState?> AskAsync(
        RegionId region, RepositoryName repository, FeedPosition position, Digest? image, TimeSpan wait, CancellationToken cancellation)
    {
        try
        {
            var target = $"/peer/receipts/{position}?repository={repository}&wait={(long)wait.TotalMilliseconds}ms&image={image}";
            return await peers.AskAsync<CompletionState>(
                region, HttpMethod.Get, target, cancellation, wait + AnswerTime).ConfigureAwait(false);
        }
        catch (Exception e) when (PeerClient.IsFailureToAnswer(e))
        {
            return null; // Also one that broke off in the middle of its answer.
        }
    }

    private async ValueTask<CompletionState> ReadStateAsync(
        RepositoryName repository, FeedPosition position, Digest? image, CancellationToken cancellation)
    {
        if (!map.Current.PolicyOf(repository).Allows(map.Self)) return CompletionState.Excluded;
        if (position.Region != map.Self)
        {
            return await IsAppliedAsync(repository, position, cancellation).ConfigureAwait(false)
                ? await ReadStateOfBlobsAsync(repository, position, image, cancellation).ConfigureAwait(false)
                : CompletionState.Pending;
        }

        var extent = await ledgers.ReadFeedExtentAsync(map.Self, cancellation).ConfigureAwait(false);
        if (position.Incarnation != extent.Incarnation) return CompletionState.Orphaned;
        return position.Number <= extent.Head
            ? await ReadStateOfBlobsAsync(repository, position, image, cancellation).ConfigureAwait(false)
            : CompletionState.Pending;
    }

    /// <summary>
    /// Whether all that is applied here of a home's commits to a repository is here: nothing of the home is to be taken
    /// over, and the ledger is not set aside.
    /// </summary>
    internal async ValueTask<bool> IsCurrentAsync(RegionId home, RepositoryName repository, CancellationToken cancellation) =>
        home == map.Self
        || (!application.IsSetAside(home, LedgerId.Of(repository))
            && !await record.IsTakeOverPendingAsync(home, cancellation).ConfigureAwait(false));

    // Positions of another incarnation name other commits.
    private bool IsFollowed(FeedPosition position) =>
        tails.Of(position.Region) is { Activity: not TailActivity.Diverged } tail && tail.Incarnation == position.Incarnation;

    private async ValueTask<bool> IsAppliedAsync(RepositoryName repository, FeedPosition position, CancellationToken cancellation) =>
        tails.Of(position.Region) is { Activity: not TailActivity.Diverged } tail
        && tail.HasApplied(position)
        && await IsCurrentAsync(position.Region, repository, cancellation).ConfigureAwait(false);

    private async ValueTask<CompletionState> ReadStateOfBlobsAsync(
        RepositoryName repository, FeedPosition position, Digest? image, CancellationToken cancellation) =>
        await queue.IsCompleteAsync(LedgerId.Of(repository), position, cancellation).ConfigureAwait(false)
            && await HasBlobsAsync(repository, position, image, cancellation).ConfigureAwait(false)
            ? CompletionState.Complete
            : CompletionState.Pending;

    // Where a snapshot covers the commit, what the commit names is not known: everything that the repository has must be here.
    private async ValueTask<bool> HasAllBlobsAsync(RepositoryName repository, FeedPosition position, CancellationToken cancellation)
    {
        await _lookingAtAll.WaitAsync(cancellation).ConfigureAwait(false); // There may be many, and many who wait.
        try
        {
            var named = await links.ListUnqueuedBlobsAsync(LedgerId.Of(repository), cancellation).ConfigureAwait(false);
            return (await wanted.FindMissingAsync(repository, named, position.Region, cancellation).ConfigureAwait(false)).Count == 0;
        }
        finally
        {
            _lookingAtAll.Release();
        }
    }

    private async ValueTask<bool> HasBlobsAsync(
        RepositoryName repository, FeedPosition position, Digest? image, CancellationToken cancellation)
    {
        var entry = await ledgers.FindEntryAsync(position, cancellation).ConfigureAwait(false);
        var commit = entry is null ? null : CommitCodec.TryDecode(entry.Encoded);
        if (entry is not null && commit is null) return false;
        if (entry is null && !await HasAllBlobsAsync(repository, position, cancellation).ConfigureAwait(false)) return false;
        var operations = commit?.Operations ?? [];
        var lacking = await wanted.FindMissingAsync(repository, operations, position.Region, cancellation).ConfigureAwait(false);
        if (await images.HasAnyAsync(repository, lacking.Select(blob => blob.Digest), cancellation).ConfigureAwait(false)) return false;
        var blobs = await images.FindAsync(repository, operations, image, cancellation).ConfigureAwait(false);
        var named = blobs.Select(blob => (blob.Key, blob.Value));
        return (await wanted.FindMissingAsync(repository, named, position.Region, cancellation).ConfigureAwait(false)).Count == 0;
    }

    private async Task AwaitNewsAsync(FeedPosition position, long completions, CancellationToken cancellation)
    {
        using var wait = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var events = new List<Task>
        {
            fetches.Completions.WaitForAsync(completions + 1, wait.Token),
            Task.Delay(LookInterval, clock, wait.Token),
        };
        if (tails.Of(position.Region) is { } tail && tail.Applied.Position < position.Number)
            events.Add(tail.Applied.WaitForAsync(position.Number, wait.Token));
        await Task.WhenAny(events).ConfigureAwait(false);
        await wait.CancelAsync().ConfigureAwait(false);
        cancellation.ThrowIfCancellationRequested();
    }
}

/// <summary>The state of a commit in a region.</summary>
public enum CompletionState
{
    /// <summary>It is not applied there, or awaits blobs.</summary>
    Pending,

    /// <summary>It is applied there, and all its blobs that are wanted there are stored there and verified.</summary>
    Complete,

    /// <summary>Its repository's policy leaves the region out.</summary>
    Excluded,

    /// <summary>The region could not be asked.</summary>
    Unreachable,

    /// <summary>Its home continues under another incarnation of its feed: whether the commit survived is not known by this name.</summary>
    Orphaned,
}

/// <summary>What is known of a receipt.</summary>
/// <param name="Repository">The repository of its commit; null where the commit is not kept any more, or <paramref name="Otherwise"/>
/// holds.</param>
/// <param name="Otherwise"><see cref="CompletionState.Pending"/> where its home has not made it yet or cannot be asked;
/// <see cref="CompletionState.Orphaned"/>; otherwise <see cref="CompletionState.Complete"/>.</param>
public sealed record ReceiptLookup(string? Repository, CompletionState Otherwise)
{
    /// <summary>Its home has not made it yet, or cannot be asked.</summary>
    public static readonly ReceiptLookup NotKnownYet = new(null, CompletionState.Pending);
}
