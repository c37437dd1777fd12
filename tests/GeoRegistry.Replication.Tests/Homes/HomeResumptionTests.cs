using GeoRegistry.Replication.Homes;
using GeoRegistry.Replication.Peers;
using GeoRegistry.Replication.Tests.Following;
using GeoRegistry.Repositories;
using GeoRegistry.TestKit;
using Microsoft.AspNetCore.Http;

namespace GeoRegistry.Replication.Tests.Homes;

/// <summary>A home that lost its data is resumed, while regions that have it do not give all of it back.</summary>
public sealed class HomeResumptionTests
{
    private const string Snapshot = "/peer/ledgers/", Lists = "/peer/ledgers";

    [Fact]
    public async Task ResumeAsync_AllIsBroughtBack_OpensWithoutAcceptingALoss()
    {
        await using var us = await TestHome.StartAsync();
        await using var home = new LostHome(us.Source.Address);

        var report = (await ResumeAsync<ResumptionOutcome.Resumed>(home)).Report;

        Assert.Null(home.Gate.Reason);
        Assert.Equal((3, 2), (report.RecoveredLedgers, report.Topology));
        Assert.Equal(["us"], report.Reached);
        Assert.Empty(report.Unreachable);
        Assert.Empty(report.NotRecovered);
        await ResumeAsync<ResumptionOutcome.NotNeeded>(home);
    }

    /// <summary>Such as a region whose disk is full, or that has no more file descriptors: it may have it whole.</summary>
    [Theory]
    [InlineData(StatusCodes.Status500InternalServerError)]
    [InlineData(StatusCodes.Status507InsufficientStorage)]
    public async Task ResumeAsync_RegionCannotAnswerForOneLedger_StaysClosedUntilItCanOrTheLossIsAccepted(int status)
    {
        await using var us = await TestHome.StartAsync();
        var others = us.Source.Other;
        foreach (var accepts in new[] { false, true })
        {
            await using var home = new LostHome(us.Source.Address);
            Answer(us, Snapshot + TestHome.App, http => http.Response.StatusCode = status);

            AssertMissing(await ResumeAsync<ResumptionOutcome.StaysClosed>(home), 2, ["us"], $"{status}", TestHome.App);
            Assert.NotNull(home.Gate.Reason);
            Assert.Equal(1, (await home.Control.ReadAsync()).Version);
            Assert.Equal((0, 1), (await home.NumberOfAsync(TestHome.App), await home.NumberOfAsync(TestHome.Lib)));

            if (!accepts) us.Source.Other = others;
            var report = (await ResumeAsync<ResumptionOutcome.Resumed>(home, accepts)).Report;
            Assert.Null(home.Gate.Reason);
            Assert.Equal(accepts ? 0 : 3, await home.NumberOfAsync(TestHome.App));
            Assert.Equal(accepts ? ["us"] : [], report.Unreachable);
            Assert.Equal(accepts ? 1 : 0, report.NotRecovered.Count);
        }
    }

    /// <summary>The region has been reached, and will not be able to give it.</summary>
    [Fact]
    public async Task ResumeAsync_LedgerIsDamagedInTheOnlyRegion_StaysClosedUntilThatIsAccepted()
    {
        await using var us = await TestHome.StartAsync();
        await using var home = new LostHome(us.Source.Address);
        Answer(us, Snapshot + TestHome.App, SayDamaged);

        AssertMissing(await ResumeAsync<ResumptionOutcome.StaysClosed>(home), 2, [], "damaged in region us", TestHome.App);

        var report = (await ResumeAsync<ResumptionOutcome.Resumed>(home, acceptsLoss: true)).Report;
        Assert.Equal(["us"], report.Reached);
        Assert.Equal(TestHome.App, Assert.Single(report.NotRecovered).Repository);
    }

    [Fact]
    public async Task ResumeAsync_AnotherRegionGivesWhatOneCannot_NothingIsLost()
    {
        await using var us = await TestHome.StartAsync();
        await using var ap = await TestHome.StartAsync();
        await using var home = new LostHome(us.Source.Address, ap.Source.Address);
        Answer(us, Snapshot + TestHome.App, SayDamaged);
        Answer(us, Snapshot + TestHome.Lib, http => http.Response.StatusCode = StatusCodes.Status500InternalServerError);

        var report = (await ResumeAsync<ResumptionOutcome.Resumed>(home)).Report;

        Assert.Equal(["us", "ap"], report.Reached);
        Assert.Equal((3, 0), (report.RecoveredLedgers, report.NotRecovered.Count));
    }

    [Fact]
    public async Task ResumeAsync_SnapshotBreaksOff_StaysClosed()
    {
        await using var us = await TestHome.StartAsync();
        await using var home = new LostHome(us.Source.Address);
        Answer(us, Snapshot + TestHome.App, BreakOffAsync);

        Assert.Equal(["us"], (await ResumeAsync<ResumptionOutcome.StaysClosed>(home)).Unreachable);
        Assert.NotNull(home.Gate.Reason);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ResumeAsync_RegionCannotListItsLedgers_StaysClosed(bool breaksOff)
    {
        await using var us = await TestHome.StartAsync();
        await using var home = new LostHome(us.Source.Address);
        if (breaksOff) Answer(us, Lists, BreakOffAsync);
        else Answer(us, Lists, http => http.Response.StatusCode = StatusCodes.Status500InternalServerError);

        Assert.Equal(["us"], (await ResumeAsync<ResumptionOutcome.StaysClosed>(home)).Unreachable);
        Assert.NotNull(home.Gate.Reason);
    }

    /// <summary>Its epochs would stay as they were, and no other region would follow it.</summary>
    [Fact]
    public async Task ResumeAsync_TopologyOfTheControlStoreIsRefusedHere_StaysClosed()
    {
        await using var us = await TestHome.StartAsync();
        await using var home = new LostHome(us.Source.Address);
        var moved = TestTopology.Of([(TestTopology.Us, us.Source.Address), (TestTopology.Eu, "http://127.0.0.1:1")], "[]", version: 2);
        Assert.True(await home.Control.TryReplaceAsync(1, moved));
        var before = (await home.Region.Metadata.ReadFeedExtentAsync(TestTopology.Eu)).Incarnation;

        var refusal = await Assert.ThrowsAsync<RegionUnavailableException>(() => home.Resumption.ResumeAsync(acceptsLoss: true, default)
            .OrFail("the answer"));

        Assert.Contains("moves the home of '' from eu to us", refusal.Message, StringComparison.Ordinal);
        Assert.NotNull(home.Gate.Reason);
        Assert.Equal(2, (await home.Control.ReadAsync()).Version);
        Assert.Equal(before, (await home.Region.Metadata.ReadFeedExtentAsync(TestTopology.Eu)).Incarnation);
    }

    /// <summary>Such as etcd that was restored from a snapshot: the version that would be written is one that regions know with other
    /// content.</summary>
    [Fact]
    public async Task ResumeAsync_ControlStoreIsOlderThanWhatWasAdopted_StaysClosed()
    {
        await using var us = await TestHome.StartAsync();
        await using var home = new LostHome(us.Source.Address);
        home.Region.Map.Replace(
            TestTopology.Of([(TestTopology.Eu, "http://127.0.0.1:1"), (TestTopology.Us, us.Source.Address)], "[]", version: 2));

        var refusal = await Assert.ThrowsAsync<RegionUnavailableException>(() => home.Resumption.ResumeAsync(acceptsLoss: true, default)
            .OrFail("the answer"));

        Assert.Contains("this region has adopted version 2: it was restored", refusal.Message, StringComparison.Ordinal);
        Assert.NotNull(home.Gate.Reason);
        Assert.Equal(1, (await home.Control.ReadAsync()).Version);
    }

    private static async Task<T> ResumeAsync<T>(LostHome home, bool acceptsLoss = false)
        where T : ResumptionOutcome =>
        Assert.IsType<T>(await home.Resumption.ResumeAsync(acceptsLoss, default).OrFail("the answer"));

    private static void AssertMissing(
        ResumptionOutcome.StaysClosed closed, int recovered, IReadOnlyList<string> unreachable, string reason, string repository)
    {
        Assert.Equal(recovered, closed.RecoveredLedgers);
        Assert.Equal(unreachable, closed.Unreachable);
        var missing = Assert.Single(closed.NotRecovered);
        Assert.Equal((repository, "us"), (missing.Repository, missing.Region));
        Assert.Contains(reason, missing.Reason, StringComparison.Ordinal);
    }

    private static void SayDamaged(HttpContext http)
    {
        http.Response.StatusCode = StatusCodes.Status500InternalServerError;
        http.Response.Headers[PeerHeaders.Damaged] = "true";
    }

    private static async Task BreakOffAsync(HttpContext http)
    {
        await http.Response.Body.WriteAsync("[{"u8.ToArray());
        await http.Response.Body.FlushAsync();
        http.Abort();
    }

    private static void Answer(TestHome region, string path, Action<HttpContext> answer) => Answer(region, path, http =>
    {
        answer(http);
        return Task.CompletedTask;
    });

    private static void Answer(TestHome region, string path, RequestDelegate answer)
    {
        var others = region.Source.Other;
        region.Source.Other = http => http.Request.Path.Value == path ? answer(http) : others(http);
    }
}
