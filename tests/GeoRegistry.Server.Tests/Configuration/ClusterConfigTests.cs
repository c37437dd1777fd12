using GeoRegistry.Ledgers;
using GeoRegistry.Protocol;
using GeoRegistry.Server.Configuration;
using GeoRegistry.TestKit;
using Microsoft.Extensions.Configuration;

namespace GeoRegistry.Server.Tests.Configuration;

/// <summary>The configurations that users start from are valid, and show every option there is.</summary>
public sealed class ClusterConfigTests
{
    private static readonly string OneRegion = Path.Combine(SourceTree.Root, "cluster-config", "one-region", "georegistry.json");

    [Fact]
    public void OneRegion_ReadAsTheServerDoes_HasNoFaults()
    {
        var configuration = new ConfigurationBuilder().AddJsonFile(OneRegion).Build();

        var read = ServerConfiguration.Read(configuration, out var faults);

        Assert.Empty(faults);
        Assert.Equal("eu", read.Server.Region);
        Assert.Equal(256, read.Repositories.ManifestCacheMiB);
    }

    [Fact]
    public void OneRegion_OfTheOptionsOfARegionAlone_LacksNone()
    {
        var configuration = new ConfigurationBuilder().AddJsonFile(OneRegion).Build();

        Assert.DoesNotContain(Keys().Where(key => !IsForRegions(key)), key => configuration[key] is null);
        Assert.DoesNotContain(Keys().Where(IsForRegions), key => configuration[key] is not null);
    }

    [Fact]
    public void ThreeRegions_ReadAsTheServerDoes_HasNoFaults()
    {
        using var files = new ThreeRegionsFiles();
        var configuration = new ConfigurationBuilder()
            .AddJsonFile(ThreeRegionsFiles.Configuration)
            .AddInMemoryCollection(files.Keys)
            .Build();

        var read = ServerConfiguration.Read(configuration, out var faults);

        Assert.Empty(faults);
        Assert.StartsWith("https://", read.Peer.Listen, StringComparison.Ordinal);
        Assert.NotNull(ThreeRegionsFiles.ReadTopology().Find(RegionId.Parse(read.Server.Region)));
    }

    [Fact]
    public void ThreeRegions_OfAllOptions_LacksNone()
    {
        var configuration = new ConfigurationBuilder().AddJsonFile(ThreeRegionsFiles.Configuration).Build();

        Assert.DoesNotContain(Keys(), key => configuration[key] is null);
    }

    [Theory]
    [InlineData("anything", "eu", "eu,us,ap", false, "Local")]
    [InlineData("us-team/app", "us", "eu,us,ap", false, "Local")]
    [InlineData("us-teams/app", "eu", "eu,us,ap", false, "Local")]
    [InlineData("us-team/private/app", "us", "us", false, "Local")]
    [InlineData("eu-private", "eu", "eu", false, "Local")]
    [InlineData("cache/debian", "eu", "eu,us,ap", true, "Local")]
    [InlineData("release/app", "eu", "eu,us,ap", false, "Majority")]
    public void ThreeRegions_Topology_SaysOfARepository(string name, string home, string regions, bool isLazy, string durability)
    {
        var topology = ThreeRegionsFiles.ReadTopology();
        Assert.True(RepositoryName.TryParse(name, out var repository));

        var policy = topology.PolicyOf(repository);

        Assert.Equal(home, topology.HomeOf(repository).Region.ToString());
        Assert.Equal(regions, string.Join(',', policy.Regions));
        Assert.Equal((isLazy, durability), (policy.IsLazy, policy.Durability.ToString()));
    }

    [Fact]
    public void ThreeRegions_Topology_RegionsReachEachOtherByTls() =>
        Assert.All(ThreeRegionsFiles.ReadTopology().Regions, region => Assert.Equal("https", region.Peer.Scheme));

    private static IEnumerable<string> Keys() =>
        from section in ServerConfiguration.Sections
        from property in section.Options.GetProperties()
        where property.CanWrite
        select $"{section.Section}:{property.Name}";

    private static bool IsForRegions(string key) =>
        key is "GeoRegistry:Topology" || key.StartsWith("GeoRegistry:Peer:", StringComparison.Ordinal)
            || key.StartsWith("GeoRegistry:Replication:", StringComparison.Ordinal)
            || key.StartsWith("GeoRegistry:Etcd:", StringComparison.Ordinal);
}
