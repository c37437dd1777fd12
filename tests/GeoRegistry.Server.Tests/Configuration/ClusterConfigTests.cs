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
    public void OneRegion_OfAllOptions_LacksNone()
    {
        var configuration = new ConfigurationBuilder().AddJsonFile(OneRegion).Build();
        var keys =
            from section in ServerConfiguration.Sections
            from property in section.Options.GetProperties()
            where property.CanWrite
            select $"{section.Section}:{property.Name}";

        Assert.DoesNotContain(keys, key => configuration[key] is null);
    }
}
