using GeoRegistry.Cluster.Tests.Links;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.TestKit;

namespace GeoRegistry.Cluster.Tests.Recovery;

/// <summary>Verification rests in proportion to its work; what it waits for is no work.</summary>
public sealed class VerificationPaceTests
{
    [Fact]
    public async Task Run_LinksWithLongRoundTrips_TheSecondPassEndsSoonAfterTheFirst()
    {
        await using var cluster = await RegionCluster.StartAsync(
            new ClusterPlan { Link = new LinkQuality { Delay = TimeSpan.FromMilliseconds(400) } });
        await cluster.WaitUntilConvergedAsync();

        await Waiting.UntilAsync("the second pass of us has ended", async () =>
            (await cluster["us"].Client.GetJsonAsync<VerificationAnswer>("/api/v1/replication/verify?region=us"))
                .Regions.Single().Completed >= 2);
    }
}
