using GeoRegistry.Ledgers;
using GeoRegistry.Regions.Control;
using GeoRegistry.Regions.Topologies;
using static GeoRegistry.Regions.Tests.Documents;

namespace GeoRegistry.Regions.Tests.Control;

public sealed class RegionMapTests
{
    private readonly RegionMap _map = new(RegionId.Parse("eu"), Read(Of("3")));

    [Theory]
    [InlineData("2")]
    [InlineData("3")]
    public void CanReplace_OlderOrEqualVersion_IsIgnoredWithoutAFault(string version)
    {
        Assert.False(Adopt(Read(Of(version, policies: """[{"prefix":"x","hydration":"lazy"}]""")), out var fault));

        Assert.Null(fault);
        Assert.Empty(_map.Current.Policies);
    }

    [Fact]
    public void CanReplace_PoliciesAndAddresses_AreAdopted()
    {
        var regions = Documents.Regions.Replace("6002", "7002", StringComparison.Ordinal);
        Assert.True(Adopt(Read(Of("4", regions, policies: """[{"prefix":"x","hydration":"lazy"}]""")), out var fault));

        Assert.Null(fault);
        Assert.Single(_map.Current.Policies);
        Assert.Equal(7002, _map.Current.Find(RegionId.Parse("us"))!.Peer.Port);
    }

    [Theory]
    [InlineData("""[{"prefix":"","region":"us"}]""")]
    [InlineData("""[{"prefix":"","region":"eu"},{"prefix":"team","region":"us"}]""")]
    public void CanReplace_OtherHomes_AreRefused(string homes)
    {
        Assert.False(Adopt(Read(Of("4", homes: homes)), out var fault));

        Assert.Contains("while regions run", fault, StringComparison.Ordinal);
        Assert.Equal(3, _map.Current.Version);
    }

    [Fact]
    public void CanReplace_RegionAdded_IsAdopted()
    {
        var regions = Documents.Regions.Replace("]", """,{"id":"sa","peer":"http://127.0.0.1:6004"}]""", StringComparison.Ordinal);
        Assert.True(Adopt(Read(Of("4", regions)), out _));

        Assert.Equal(["us", "ap", "sa"], _map.Others.Select(region => region.Id.ToString()));
    }

    [Fact]
    public void CanReplace_RegionRemoved_IsRefused()
    {
        Assert.False(Adopt(
            Read(Of("4", """[{"id":"eu","peer":"http://127.0.0.1:6001"},{"id":"us","peer":"http://127.0.0.1:6002"}]""")), out var fault));

        Assert.StartsWith("a region cannot be removed while it runs", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void CanReplace_HigherEpochOfTheSameHome_IsAdopted() =>
        Assert.True(Adopt(Read(Of("4", homes: """[{"prefix":"","region":"eu","epoch":2}]""")), out _));

    [Fact]
    public void CanReplace_LowerEpoch_IsRefused()
    {
        Assert.True(Adopt(Read(Of("4", homes: """[{"prefix":"","region":"eu","epoch":2}]""")), out _));

        Assert.False(Adopt(Read(Of("5", homes: """[{"prefix":"","region":"eu","epoch":1}]""")), out var fault));

        Assert.Contains("sets the epoch of '' back from 2 to 1", fault, StringComparison.Ordinal);
    }

    private bool Adopt(Topology next, out string? fault)
    {
        if (!_map.CanReplace(next, out fault)) return false;
        _map.Replace(next);
        return true;
    }
}
