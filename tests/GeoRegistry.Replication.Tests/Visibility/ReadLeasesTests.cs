using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Regions.Control;
using GeoRegistry.Replication.Visibility;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;
using static GeoRegistry.Replication.Tests.TestTopology;

namespace GeoRegistry.Replication.Tests.Visibility;

public sealed class ReadLeasesTests
{
    private static readonly RepositoryName Name = RepositoryName.Parse("team/app");

    private readonly RegionMap _map = Map(Eu);
    private readonly CountingTimeProvider _clock = new();
    private readonly ReplicationOptions _options = new();
    private readonly ReadLeases _leases;
    private long _head = 5;

    public ReadLeasesTests() => _leases = new ReadLeases(_map, _options, _clock);

    [Fact]
    public async Task AwaitAsync_AfterAStart_WaitsAsIfEveryRegionHeldALease()
    {
        var shown = Await(1);
        Assert.False(shown.IsCompleted);

        _clock.Advance(_options.StalenessBound);

        await shown.OrFail("the leases of an earlier process ended");
    }

    [Fact]
    public async Task AwaitAsync_HolderBehind_WaitsUntilItHasApplied()
    {
        await ReportAllAsync(5);
        _head = 6;
        var shown = Await(6);
        Assert.False(shown.IsCompleted);

        Assert.True(await ReportAsync("us", 6));
        Assert.False(shown.IsCompleted);
        Assert.True(await ReportAsync("ap", 6));

        await shown.OrFail("both regions have applied it");
    }

    [Fact]
    public async Task AwaitAsync_LeaseRenewedWhileItWaits_WaitsForTheNewOne()
    {
        await ReportAllAsync(5);
        _head = 6;
        var shown = Await(6);
        _clock.Advance(TimeSpan.FromMilliseconds(500));
        Assert.True(await ReportAsync("us", 5));
        await ReportAsync("ap", 6);
        _clock.Advance(_options.StalenessBound - TimeSpan.FromMilliseconds(1));
        Assert.False(shown.IsCompleted);

        // The timer of the first wait was set before the renewal: whoever waits looks again and waits for the rest.
        await Waiting.UntilAsync("the wait goes on", () => Task.FromResult(_clock.ActiveTimers == 1));
        _clock.Advance(TimeSpan.FromMilliseconds(1));

        await shown.OrFail("the renewed lease ended");
    }

    [Fact]
    public async Task AwaitAsync_LeaseEnded_DoesNotWait()
    {
        await ReportAllAsync(5);
        _clock.Advance(_options.StalenessBound);

        Assert.True(Await(6).IsCompletedSuccessfully);
    }

    [Fact]
    public async Task AwaitAsync_RegionThatKnowsThatItMayNotHaveTheRepository_IsNotWaitedFor()
    {
        var topology = Of([(Eu, "http://a:1"), (Us, "http://b:1")], """[{"prefix":"team","regions":["eu"]}]""");
        var leases = new ReadLeases(new RegionMap(Eu, topology), _options, _clock);
        await leases.ReportAsync(Us, SampleFeed.Incarnation, 5, topology: 1, () => ValueTask.FromResult(Feed(_head)));

        Assert.True(leases.AwaitAsync(Name, 6, default).IsCompletedSuccessfully);
    }

    [Fact]
    public async Task ReportAsync_WithoutALease_GivesOneOnlyWhereAllIsApplied()
    {
        Assert.False(await ReportAsync("us", 4));
        Assert.True(await ReportAsync("us", 5));
    }

    [Fact]
    public async Task ReportAsync_HolderAMomentBehind_KeepsItsLeaseForTheCatchUpTimeOnly()
    {
        Assert.True(await ReportAsync("us", 5));
        _head = 6;
        Assert.True(await ReportAsync("us", 5));
        _clock.Advance(TimeSpan.FromMilliseconds(999));
        Assert.True(await ReportAsync("us", 5));
        _clock.Advance(TimeSpan.FromMilliseconds(1));

        Assert.False(await ReportAsync("us", 5));
    }

    [Fact]
    public async Task ReportAsync_LeaseEndedMeanwhile_GivesNoneToARegionThatIsBehind()
    {
        Assert.True(await ReportAsync("us", 5));
        _head = 6;
        _clock.Advance(_options.StalenessBound);

        Assert.False(await ReportAsync("us", 5));
    }

    [Fact]
    public async Task ReportAsync_BeyondTheHead_GivesNoLease() => Assert.False(await ReportAsync("us", 6));

    /// <summary>The lease counts before the head is read: what is appended meanwhile waits for it.</summary>
    [Fact]
    public async Task ReportAsync_AppendWhileTheHeadIsRead_IsWaitedFor()
    {
        await ReportAllAsync(5);
        _clock.Advance(_options.StalenessBound);
        var head = new TaskCompletionSource<long>();
        var report = _leases.ReportAsync(Us, SampleFeed.Incarnation, 5, topology: 1, async () => Feed(await head.Task));
        var shown = Await(6);
        head.SetResult(5);

        Assert.True((await report).Lease > TimeSpan.Zero);
        Assert.False(shown.IsCompleted);
    }

    /// <summary>
    /// A report whose head could not be read (its connection broke) gave no lease, and the next one must not take it for
    /// one.
    /// </summary>
    [Fact]
    public async Task ReportAsync_AfterOneThatFailed_DoesNotTakeThatForALease()
    {
        Assert.True(await ReportAsync("us", 5));
        _clock.Advance(_options.StalenessBound);
        _head = 6; // Acknowledged without the region: it held no lease.
        await Assert.ThrowsAsync<IOException>(
            () => _leases.ReportAsync(
                Us, SampleFeed.Incarnation, 5, topology: 1, () => ValueTask.FromException<FeedExtent>(new IOException("gone"))));

        Assert.False(await ReportAsync("us", 5));
    }

    [Fact]
    public async Task ReportAsync_WhileAnotherIsUnderWay_DoesNotTakeThatForALease()
    {
        Assert.True(await ReportAsync("us", 5));
        _clock.Advance(_options.StalenessBound);
        _head = 6;
        var head = new TaskCompletionSource<long>();
        var first = _leases.ReportAsync(Us, SampleFeed.Incarnation, 5, topology: 1, async () => Feed(await head.Task));
        _clock.Advance(TimeSpan.FromMilliseconds(1));

        Assert.False(await ReportAsync("us", 5));
        head.SetResult(6);
        Assert.False((await first).Lease > TimeSpan.Zero);
    }

    /// <summary>One report that ends without a lease does not take back what another, still under way, may give.</summary>
    [Fact]
    public async Task ReportAsync_EndsWithoutALeaseWhileAnotherIsUnderWay_LeavesThatOneItsProtection()
    {
        Assert.True(await ReportAsync("us", 5));
        await ReportAsync("ap", 9);
        _clock.Advance(_options.StalenessBound);
        var head = new TaskCompletionSource<long>();
        var other = _leases.ReportAsync(Us, SampleFeed.Incarnation, 5, topology: 1, async () => Feed(await head.Task));
        Assert.False(await ReportAsync("us", 4)); // At the same moment by the clock.
        var shown = Await(6);
        head.SetResult(5);

        Assert.True((await other).Lease > TimeSpan.Zero);
        Assert.False(shown.IsCompleted);
    }

    /// <summary>What is withheld from it looks followed, and it may show what was before.</summary>
    [Fact]
    public async Task AwaitAsync_RegionThatHasNotAdoptedThatItIsKeptOut_WaitsUntilItHas()
    {
        await ReportAllAsync(5);
        KeepOutUs();
        _head = 6;
        Assert.True(await ReportAsync("ap", 6, topology: 2));
        var shown = Await(6);

        Assert.False(await ReportAsync("us", 6, topology: 1));
        Assert.False(shown.IsCompleted);
        Assert.Equal(5, _leases.ShownThrough(6));
        Assert.True(await ReportAsync("us", 6, topology: 2));

        await shown.OrFail("us has adopted that it is kept out");
        Assert.Equal(6, _leases.ShownThrough(6));
    }

    [Fact]
    public async Task AwaitAsync_RegionThatDoesNotAdoptThatItIsKeptOut_WaitsUntilItsLeaseHasEnded()
    {
        await ReportAllAsync(5);
        KeepOutUs();
        _head = 6;
        var shown = Await(6);
        Assert.True(await ReportAsync("ap", 6, topology: 2));
        _clock.Advance(_options.StalenessBound / 2);
        Assert.False(await ReportAsync("us", 6, topology: 1));
        Assert.False(shown.IsCompleted);

        _clock.Advance(_options.StalenessBound / 2);

        await shown.OrFail("the lease of us has ended");
    }

    [Fact]
    public async Task ReportAsync_FeedBeginsAgainMeanwhile_CountsForNothing()
    {
        var next = new FeedExtent(Ledgers.Incarnation.Parse("0000abcd"), 0, 1000);
        var report = _leases.ReportAsync(Us, SampleFeed.Incarnation, 900, topology: 1, () =>
        {
            _leases.Restart(); // The region had been looked up before.
            return ValueTask.FromResult(next);
        });
        Assert.Equal((next, TimeSpan.Zero), await report);
        Assert.Equal(0, _leases.AppliedBy(Us));

        // It was looked up after.
        report = _leases.ReportAsync(Us, SampleFeed.Incarnation, 900, topology: 1, () => ValueTask.FromResult(next));
        Assert.Equal((next, TimeSpan.Zero), await report);
        Assert.Equal(0, _leases.AppliedBy(Us));
        Assert.False(Await(1).IsCompleted);
    }

    [Fact]
    public async Task AppliedBy_BeyondTheHead_IsOfAnotherFeed()
    {
        await ReportAsync("us", 6);

        Assert.Equal(0, _leases.AppliedBy(Us));
    }

    [Fact]
    public async Task AppliedBy_AfterReports_IsTheFarthest()
    {
        Assert.Equal(0, _leases.AppliedBy(Us));
        await ReportAsync("us", 4);
        await ReportAsync("us", 3);

        Assert.Equal(4, _leases.AppliedBy(Us));
    }

    private void KeepOutUs() =>
        _map.Replace(Of(
            [(Eu, "http://127.0.0.1:6000"), (Us, "http://127.0.0.1:6001"), (Ap, "http://127.0.0.1:6002")],
            """[{"prefix":"team","regions":["eu","ap"]}]""",
            version: 2));

    private static FeedExtent Feed(long head) => new(SampleFeed.Incarnation, 0, head);

    private Task Await(long position) => _leases.AwaitAsync(Name, position, CancellationToken.None);

    private async Task<bool> ReportAsync(string region, long applied, long topology = 1) =>
        (await _leases.ReportAsync(
            Ledgers.RegionId.Parse(region), SampleFeed.Incarnation, applied, topology, () => ValueTask.FromResult(Feed(_head)))).Lease
        > TimeSpan.Zero;

    private async Task ReportAllAsync(long applied)
    {
        Assert.True(await ReportAsync("us", applied));
        Assert.True(await ReportAsync("ap", applied));
    }
}
