using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Manifests;
using GeoRegistry.Replication.Tests.Following;
using GeoRegistry.TestKit.Stores;
using Xunit.Abstractions;
using static GeoRegistry.Replication.Tests.TestTopology;

namespace GeoRegistry.Replication.Tests.Tails;

/// <summary>
/// Repairs of ledgers whose region fails at each call to its stores: in the end each is as at home, and until then nothing old is
/// answered alone.
/// </summary>
public sealed class LedgerRepairFaultTests(ITestOutputHelper output)
{
    private static readonly Manifest Diverged = SampleManifests.Image("diverged");
    private static readonly LedgerId App = LedgerId.Of(TestHome.AppName);

    [Theory]
    [MemberData(nameof(EachStep.WaysOfServices), MemberType = typeof(EachStep))]
    public async Task DivergedLedger_FailsAtEachStep_IsReplacedByTheHomes(InjectedFault fault, bool restarts)
    {
        await using var home = await TestHome.StartAsync();
        await EachStep.FailAsync(fault, faults => FollowAsync(home, faults, restarts), output,
            nameof(IReplicaStore.ApplyAsync), "Blob.StatMany",
            nameof(IReplicaStore.InstallSnapshotAsync), nameof(IReplicaStore.ListSetAsideAsync));
    }

    /// <summary>The home refuses the first snapshot, so that the ledger is set aside and tried again.</summary>
    [Theory]
    [MemberData(nameof(EachStep.WaysOfServices), MemberType = typeof(EachStep))]
    public async Task LedgerSetAside_FailsAtEachStep_IsRepairedLater(InjectedFault fault, bool restarts)
    {
        await using var home = await TestHome.StartAsync();
        await EachStep.FailAsync(fault, faults => FollowAsync(home, faults, restarts, refusals: 1), output,
            nameof(IReplicaStore.SetAsideAsync), nameof(IReplicaStore.InstallSnapshotAsync));
    }

    /// <summary>One ledger diverged, one is the same and names blobs that are wanted only now, and one is missing.</summary>
    [Theory]
    [MemberData(nameof(EachStep.WaysOfServices), MemberType = typeof(EachStep))]
    public async Task TakeOver_FailsAtEachStep_LeavesNoLedgerBehind(InjectedFault fault, bool restarts)
    {
        await using var home = await TestHome.StartAsync();
        await EachStep.FailAsync(fault, faults => FollowAsync(home, faults, restarts, takesOver: true), output,
            nameof(IRegionRecord.IsTakeOverPendingAsync), nameof(ILedgerStore.ReadHeadAsync), nameof(IReplicaStore.ReadSnapshotAsync),
            nameof(IReplicaStore.QueueMissingAsync), nameof(IReplicaStore.InstallSnapshotAsync), nameof(IReplicaStore.SkipToAsync));
    }

    /// <summary>
    /// A repair that verification asks for, beside the tail; of a ledger that the home has, and of one that it has lost.
    /// </summary>
    [Theory]
    [MemberData(nameof(EachStep.WaysOfRequests), MemberType = typeof(EachStep))]
    public async Task Restore_FailsAtEachStep_ReadersGetWhatIsOnDisk(InjectedFault fault, bool restarts)
    {
        await using var home = await TestHome.StartAsync();
        await EachStep.FailAsync(fault, faults => RestoreAsync(home, faults, restarts), output,
            nameof(IReplicaStore.InstallSnapshotAsync), nameof(IReplicaStore.RemoveLedgerAsync));
    }

    private static async Task FollowAsync(TestHome home, StoreFaults faults, bool restarts, int refusals = 0, bool takesOver = false)
    {
        await using var region = new FollowingRegion(home);
        home.Begin(region.Clock, refusals);
        await DivergeAsync(region, TestHome.App);
        if (takesOver)
        {
            await InstallAsync(home, region, TestHome.Old);
            await region.Metadata.AdoptTopologyAsync("{}"u8.ToArray(), 1, [Eu]);
        }

        await using var process = await new FaultyFollowing(region, faults, restarts)
            .RunAsync(running => running.Follow(), FaultyFollowing.ShowsAllAsync);

        faults.ArePaused = true;
        await region.AssertIsAsHomeAsync();
        Assert.Equal(3, Assert.Single(await region.Metadata.SummarizeAsync()).Blobs);
    }

    private static async Task RestoreAsync(TestHome home, StoreFaults faults, bool restarts)
    {
        await using var region = new FollowingRegion(home);
        home.Begin(region.Clock, refusals: 0);
        var lost = RepositoryName.Parse("team/lost");
        foreach (var name in new[] { TestHome.App, lost.ToString() }) await DivergeAsync(region, name);
        var position = new FeedPosition(Eu, (await home.Store.ReadFeedExtentAsync(Eu)).Incarnation, 0);
        var process = region.Start(faults);
        foreach (var ledger in new[] { App, LedgerId.Of(lost) })
        {
            Assert.Equal(Diverged.Digest, await process.ReadAsync(RepositoryName.Parse(ledger.Name), "v1"));
            try
            {
                await process.Repair.RestoreAsync(Eu, position, ledger, process.Stopping);
            }
            catch (Exception e) when (e is InjectedFaultException || process.Stopping.IsCancellationRequested)
            {
                await AssertReadersGetWhatIsOnDiskAsync(region, process, ledger);
                if (restarts || process.Stopping.IsCancellationRequested)
                {
                    await process.DisposeAsync();
                    process = region.Start(faults);
                }

                await process.Repair.RestoreAsync(Eu, position, ledger, process.Stopping);
            }

            await AssertReadersGetWhatIsOnDiskAsync(region, process, ledger);
        }

        Assert.Equal(await home.Store.ReadStateAsync(App), await region.Metadata.ReadStateAsync(App));
        Assert.Equal(0, (await region.Metadata.ReadHeadAsync(LedgerId.Of(lost))).Number);
        await process.DisposeAsync();
    }

    private static async Task AssertReadersGetWhatIsOnDiskAsync(FollowingRegion region, FollowingProcess process, LedgerId ledger)
    {
        var repository = RepositoryName.Parse(ledger.Name);
        foreach (var tag in new[] { "v1", "only-here" })
            Assert.Equal(await region.Metadata.FindTagAsync(repository, Tag.Parse(tag)), await process.ReadAsync(repository, tag));
    }

    // As long as the home's ledger, and not the same.
    private static async Task DivergeAsync(FollowingRegion region, string name)
    {
        var head = LedgerHead.Empty.After(1, "one"u8).After(1, "two"u8).After(1, "three"u8);
        var entries = new SnapshotEntry[]
        {
            new SnapshotEntry.OfManifest(Diverged),
            new SnapshotEntry.OfTag(Tag.Parse("v1"), Diverged.Digest),
            new SnapshotEntry.OfTag(Tag.Parse("only-here"), Diverged.Digest),
        };
        var ledger = LedgerId.Of(RepositoryName.Parse(name));
        Assert.True(
            await region.Metadata.InstallSnapshotAsync(
                new FeedPosition(Eu, default, 0), SampleStores.SnapshotOf(ledger, head, entries), []));
    }

    private static async Task InstallAsync(TestHome home, FollowingRegion region, string name)
    {
        var snapshot = await home.Store.CopySnapshotAsync(LedgerId.Of(RepositoryName.Parse(name)));
        Assert.True(await region.Metadata.InstallSnapshotAsync(new FeedPosition(Eu, default, 0), snapshot!, []));
    }
}
