using System.Net.Http.Json;
using System.Text.Json;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Regions.Control;
using GeoRegistry.Replication.Hydration;
using GeoRegistry.Replication.Peers;
using GeoRegistry.Replication.Tails;

namespace GeoRegistry.Replication.Receipts;

/// <summary>Tells, and waits until, commits are complete: here, and by asking in other regions.</summary>
public sealed class Completion(RegionMap map, Tailing tails, ILedgerStore ledgers, IHydrationQueue queue, BlobFetches fetches, PeerClient peers, TimeProvider clock)
{
    /// <summary>How much longer than the wait itself an answer of another region may take.</summary>
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(3);

    /// <summary>How long until a region that could not be reached is asked again.</summary>
    private static readonly TimeSpan AskInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>Waits until a commit is complete in this region.</summary>
    /// <param name="receipt">The commit.</param>
    /// <param name="wait">How long to wait at most.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<CompletionState> AwaitHereAsync(Receipt receipt, TimeSpan wait, CancellationToken cancellation)
    {
        if (await ReadStateAsync(receipt, cancellation).ConfigureAwait(false) is var now and not CompletionState.Pending) return now;
        using var limit = new CancellationTokenSource(wait, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        try
        {
            if (receipt.Home != map.Self)
            {
                if (tails.Of(receipt.Home) is not { } tail) return CompletionState.Pending; // The topology has no such region.
                await tail.Applied.WaitForAsync(receipt.Position, either.Token).ConfigureAwait(false);
            }

            while (true)
            {
                var completions = fetches.Completions.Position;
                if (await ReadStateAsync(receipt, either.Token).ConfigureAwait(false) is var state and not CompletionState.Pending) return state;
                await fetches.Completions.WaitForAsync(completions + 1, either.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return CompletionState.Pending;
        }
    }

    /// <summary>Waits until a commit is complete in a region; one that cannot be reached is asked again until then.</summary>
    public async Task<CompletionState> AwaitInAsync(RegionId region, Receipt receipt, TimeSpan wait, CancellationToken cancellation)
    {
        if (region == map.Self) return await AwaitHereAsync(receipt, wait, cancellation).ConfigureAwait(false);
        var began = clock.GetTimestamp();
        while (true)
        {
            var left = wait - clock.GetElapsedTime(began);
            if (left < TimeSpan.Zero) left = TimeSpan.Zero;
            if (await AskAsync(region, receipt, left, cancellation).ConfigureAwait(false) is { } state) return state;
            if (left == TimeSpan.Zero) return CompletionState.Unreachable;
            await Task.Delay(AskInterval, clock, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Waits until a commit is complete in some of these regions.</summary>
    /// <param name="receipt">The commit.</param>
    /// <param name="regions">The regions that count.</param>
    /// <param name="count">How many of them.</param>
    /// <param name="wait">How long to wait at most.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>Whether it is.</returns>
    public async Task<bool> AwaitAsync(Receipt receipt, IReadOnlyList<RegionId> regions, int count, TimeSpan wait, CancellationToken cancellation)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var asked = regions.Select(region => AwaitInAsync(region, receipt, wait, enough.Token)).ToList();
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

    private async Task<CompletionState?> AskAsync(RegionId region, Receipt receipt, TimeSpan wait, CancellationToken cancellation)
    {
        try
        {
            using var response = await peers.SendAsync(
                region, HttpMethod.Get, $"/peer/receipts/{receipt}?wait={(long)wait.TotalMilliseconds}ms", cancellation, wait + AnswerTime).ConfigureAwait(false);
            return await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<CompletionState>(cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or HttpRequestException or JsonException)
        {
            return null; // Also one that broke off in the middle of its answer.
        }
    }

    private async ValueTask<CompletionState> ReadStateAsync(Receipt receipt, CancellationToken cancellation)
    {
        if (!await IsAppliedAsync(receipt, cancellation).ConfigureAwait(false)) return CompletionState.Pending;
        if (!await queue.IsCompleteAsync(receipt.Home, receipt.Position, cancellation).ConfigureAwait(false)) return CompletionState.Pending;
        return await WasWithheldAsync(receipt, cancellation).ConfigureAwait(false) ? CompletionState.Excluded : CompletionState.Complete;
    }

    // Positions of a home that lost data name other commits than those that are applied here.
    private async ValueTask<bool> IsAppliedAsync(Receipt receipt, CancellationToken cancellation) => receipt.Home == map.Self
        ? receipt.Position <= (await ledgers.ReadFeedExtentAsync(map.Self, cancellation).ConfigureAwait(false)).Head
        : tails.Of(receipt.Home) is { Activity: not TailActivity.Foreign } tail && receipt.Position <= tail.Applied.Position;

    // What a policy keeps from this region has an empty place in the feed here.
    private async ValueTask<bool> WasWithheldAsync(Receipt receipt, CancellationToken cancellation)
    {
        if (receipt.Home == map.Self || map.Current.Policies.All(rule => rule.Policy.Allows(map.Self))) return false;
        var entry = await ledgers.ReadFeedAsync(receipt.Home, receipt.Position - 1, 1, cancellation).ConfigureAwait(false);
        return entry.Count == 1 && entry[0].Position == receipt.Position && entry[0].Encoded.IsEmpty;
    }
}

/// <summary>How a commit stands in a region.</summary>
public enum CompletionState
{
    /// <summary>It is not applied there, or awaits blobs.</summary>
    Pending,

    /// <summary>It is applied there, and all its blobs are stored there and verified.</summary>
    Complete,

    /// <summary>Its repository's policy leaves the region out.</summary>
    Excluded,

    /// <summary>The region could not be asked.</summary>
    Unreachable,
}
