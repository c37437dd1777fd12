namespace GeoRegistry.Cluster.Tests.Regions;

/// <summary>Three regions for the tests that neither kill nor cut: each has repositories of its own.</summary>
public sealed class SharedRegions : IAsyncLifetime
{
    public const string Collection = "three regions";

    internal RegionCluster Cluster { get; private set; } = null!;

    internal ClusterRegion Eu => Cluster["eu"];

    internal ClusterRegion Us => Cluster["us"];

    internal ClusterRegion Ap => Cluster["ap"];

    public async Task InitializeAsync() => Cluster = await RegionCluster.StartAsync(new ClusterPlan
    {
        Policies =
        [
            new("eu-only") { Regions = ["eu"] },
            new("us-team/us-only") { Regions = ["us"] },
            new("lazy") { Hydration = "lazy" },
            new("everywhere") { Durability = "all" },
        ],
    });

    public async Task DisposeAsync()
    {
        if (Cluster is not null) await Cluster.DisposeAsync();
    }
}

/// <summary>Tests that share the regions.</summary>
[CollectionDefinition(SharedRegions.Collection)]
public sealed class SharedRegionsDefinition : ICollectionFixture<SharedRegions>;
