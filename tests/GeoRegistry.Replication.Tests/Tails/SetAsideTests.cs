using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Replication.Tails;
using GeoRegistry.Replication.Tests.Following;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;
using static GeoRegistry.Replication.Tests.TestTopology;

namespace GeoRegistry.Replication.Tests.Tails;

/// <summary>A ledger that is set aside on disk is known to be so at any moment: nothing of it is complete, or shown alone.</summary>
public sealed class SetAsideTests
{
    private static readonly LedgerId App = LedgerId.Of(TestHome.AppName);

    [Fact]
    public async Task Tail_TakeOverSetsALedgerAside_ItIsKnownBeforeTheTakeOverCountsAsDone()
    {
        await using var home = await TestHome.StartAsync();
        await using var region = new FollowingRegion(home);
        home.Begin(region.Clock, refusals: 1);
        await region.Metadata.AdoptTopologyAsync("{}"u8.ToArray(), 1, [Eu]);

        await AssertIsKnownAlwaysAsync(region, expectsTakeOver: true);
    }

    [Fact]
    public async Task Tail_BeginsWithALedgerSetAside_ItIsKnownFromTheStartOn()
    {
        await using var home = await TestHome.StartAsync();
        await using var region = new FollowingRegion(home);
        home.Begin(region.Clock, refusals: 0);
        await region.ApplyAsync(home.Feed.Count);
        await region.Metadata.SetAsideAsync(Eu, App, "damaged", region.Clock.GetUtcNow().AddHours(1));

        await AssertIsKnownAlwaysAsync(region, expectsTakeOver: false);
    }

    /// <summary>Looks at each call to the stores: so between any two of them.</summary>
    private static async Task AssertIsKnownAlwaysAsync(FollowingRegion region, bool expectsTakeOver)
    {
        var (process, looks, misses) = ((FollowingProcess?)null, 0, 0);
        await using var running = process = region.Start(new StoreFaults { Counts = Look });
        running.Follow();

        await Waiting.UntilAsync(
            "the tail is live", () => Task.FromResult(running.State is { SetAside: 1, Activity: TailActivity.Live }));

        Assert.True(looks > 0);
        Assert.Equal(0, misses);

        bool Look()
        {
            if (process is null || IsTakeOverPending()) return true;
            foreach (var ledger in SetAsideOnDisk()) // A home refuses whichever is asked for first.
            {
                looks++;
                if (!process.Application.IsSetAside(Eu, ledger.Ledger)) misses++;
            }

            return true;
        }

        bool IsTakeOverPending() => expectsTakeOver && region.Metadata.IsTakeOverPendingAsync(Eu).AsTask().GetAwaiter().GetResult();

        IReadOnlyList<LedgerSetAside> SetAsideOnDisk() => region.Metadata.ListSetAsideAsync().AsTask().GetAwaiter().GetResult();
    }
}
