using GeoRegistry.Balancer.Regions;
using GeoRegistry.Ledgers;

namespace GeoRegistry.Balancer.Tests.Regions;

public sealed class RegionTurnsTests
{
    private readonly RegionTurns _turns = new(new[] { "eu", "us", "ap" }.Select(id => new Region(RegionId.Parse(id), $"http://{id}")));

    [Fact]
    public void Next_NothingKnownOfHealth_IsEmpty() => Assert.Empty(_turns.Next());

    [Fact]
    public void Next_AllHealthy_BeginsWithEachInTurnAndOffersAll()
    {
        Set("eu us ap", healthy: true);

        Assert.Equal(["eu us ap", "us ap eu", "ap eu us", "eu us ap"], Enumerable.Range(0, 4).Select(_ => Next()));
    }

    [Fact]
    public void Next_OneUnhealthy_LeavesItOutUntilItIsBack()
    {
        Set("eu us ap", healthy: true);
        Set("us", healthy: false);
        Assert.DoesNotContain("us", Next(), StringComparison.Ordinal);

        Set("us", healthy: true);
        Assert.Contains("us", Next(), StringComparison.Ordinal);
    }

    [Fact]
    public void Set_AsItWas_IsNoChange()
    {
        Assert.True(_turns.Set(_turns.All[0], healthy: true));
        Assert.False(_turns.Set(_turns.All[0], healthy: true));
    }

    private string Next() => string.Join(' ', _turns.Next().Select(region => region.Id));

    private void Set(string ids, bool healthy)
    {
        foreach (var region in _turns.All.Where(region => ids.Split(' ').Contains(region.Id.ToString()))) _turns.Set(region, healthy);
    }
}
