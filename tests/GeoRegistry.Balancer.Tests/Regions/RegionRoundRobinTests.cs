using GeoRegistry.Balancer.Regions;
using GeoRegistry.Ledgers;

namespace GeoRegistry.Balancer.Tests.Regions;

public sealed class RegionRoundRobinTests
{
    private readonly RegionRoundRobin _turns =
        new(new[] { "eu", "us", "ap" }.Select(id => new Region(RegionId.Parse(id), $"http://{id}")));

    [Fact]
    public void Next_NothingKnownOfHealth_OffersAllTheSame()
    {
        Assert.Equal("eu us ap", Next(Readiness.Pulls));
        Assert.Equal("us ap eu", Next(Readiness.Pushes));
    }

    [Fact]
    public void Next_AllHealthy_BeginsWithEachInTurnAndOffersAll()
    {
        Set("eu us ap", Readiness.Pushes);

        Assert.Equal(["eu us ap", "us ap eu", "ap eu us", "eu us ap"], Enumerable.Range(0, 4).Select(_ => Next(Readiness.Pulls)));
    }

    [Fact]
    public void Next_OneUnhealthy_OffersItLastUntilItIsBack()
    {
        Set("eu us ap", Readiness.Pushes);
        Set("us", Readiness.Silent);
        Assert.Equal(["eu ap us", "ap eu us"], Enumerable.Range(0, 2).Select(_ => Next(Readiness.Pulls)));

        Set("us", Readiness.Pushes);
        Assert.Equal("ap eu us", Next(Readiness.Pulls));
    }

    [Fact]
    public void Next_RegionsThatTakeNoPushes_AreOfferedForThemAfterThoseThatDo()
    {
        Set("eu", Readiness.Answering);
        Set("us", Readiness.Pulls);
        Set("ap", Readiness.Pushes);

        Assert.Equal(["us ap eu", "ap us eu"], Enumerable.Range(0, 2).Select(_ => Next(Readiness.Pulls)));
        Assert.Equal("ap us eu", Next(Readiness.Pushes));
    }

    [Fact]
    public void Set_AsItWas_IsNoChange()
    {
        Assert.True(_turns.Set(_turns.All[0], Readiness.Pulls));
        Assert.False(_turns.Set(_turns.All[0], Readiness.Pulls));
    }

    [Fact]
    public void Set_RegionFallsSilent_CancelsWhatWaitsForItAndNotWhatComesThen()
    {
        var region = _turns.All[0];
        var beforeTheFirstCheck = region.Silence;
        _turns.Set(region, Readiness.Pushes);
        Assert.False(beforeTheFirstCheck.IsCancellationRequested);

        _turns.Set(region, Readiness.Silent);

        Assert.True(beforeTheFirstCheck.IsCancellationRequested);
        Assert.False(region.Silence.IsCancellationRequested);
        Assert.False(region.Loss.IsCancellationRequested);
    }

    private string Next(Readiness need) => string.Join(' ', _turns.Next(need).Select(region => region.Id));

    private void Set(string ids, Readiness readiness)
    {
        foreach (var region in _turns.All.Where(region => ids.Split(' ').Contains(region.Id.ToString()))) _turns.Set(region, readiness);
    }
}
