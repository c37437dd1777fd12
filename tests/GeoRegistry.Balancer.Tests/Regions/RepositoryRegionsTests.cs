using System.Collections.Immutable;
using GeoRegistry.Balancer.Regions;
using GeoRegistry.Ledgers;

namespace GeoRegistry.Balancer.Tests.Regions;

public sealed class RepositoryRegionsTests
{
    private readonly RepositoryRegions _repositories = new();
    private readonly ImmutableArray<Region>
        _eu = [new Region(RegionId.Parse("eu"), "http://eu")],
        _us = [new Region(RegionId.Parse("us"), "http://us")];

    [Fact]
    public void Find_Unknown_IsEmpty() => Assert.Empty(_repositories.Find("team/app"));

    [Fact]
    public void Remember_AnotherTime_Replaces()
    {
        _repositories.Remember("team/app", _eu);
        _repositories.Remember("team/app", _us);

        Assert.Equal(_us, _repositories.Find("team/app"));
    }

    [Fact]
    public void Forget_Known_IsUnknown()
    {
        _repositories.Remember("team/app", _eu);
        _repositories.Forget("team/app");

        Assert.Empty(_repositories.Find("team/app"));
    }

    [Fact]
    public void Remember_MoreThanCapacity_ForgetsTheOldest()
    {
        for (var i = 0; i <= RepositoryRegions.Capacity; i++) _repositories.Remember($"team/{i}", _eu);

        Assert.Empty(_repositories.Find("team/0"));
        Assert.Equal(_eu, _repositories.Find("team/1"));
        Assert.Equal(_eu, _repositories.Find($"team/{RepositoryRegions.Capacity}"));
    }
}
