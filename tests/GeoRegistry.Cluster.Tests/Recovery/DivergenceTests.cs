using System.Net;
using GeoRegistry.Cluster.Tests.Histories;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.TestKit;
using Xunit.Abstractions;

namespace GeoRegistry.Cluster.Tests.Recovery;

/// <summary>A replica whose history is not its home's finds out, and mends itself.</summary>
[Trait("Stores", "embedded")]
public sealed class DivergenceTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Push_ToALedgerThatAReplicaHasWrong_MakesItEqualAgain()
    {
        await using var cluster = await RegionCluster.StartAsync();
        var random = Seeds.Next(output);
        List<(string Repository, TestImage Image)> images =
        [
            .. new[] { "wrong/checksum", "wrong/number", "wrong/tag", "right/one" }
                .Select(repository => (repository, TestImage.Next(random, 500))),
        ];
        foreach (var (repository, image) in images)
        {
            await cluster["eu"].Client.PushAsync(repository, "1", image);
            await cluster["eu"].Client.PushAsync(repository, "2", image);
        }

        await cluster.WaitUntilConvergedAsync();
        await cluster.StopAsync();
        var data = cluster["us"].DataFolder;
        Assert.Equal(1, LedgerAudit.Execute(data, "UPDATE ledgers SET checksum = zeroblob(32) WHERE name = 'wrong/checksum'"));
        LedgerAudit.Execute(data, "DELETE FROM commits WHERE ledger = (SELECT id FROM ledgers WHERE name = 'wrong/number')");
        Assert.Equal(1, LedgerAudit.Execute(data, "UPDATE ledgers SET number = number - 1 WHERE name = 'wrong/number'"));
        Assert.Equal(1,
            LedgerAudit.Execute(data, "DELETE FROM tags WHERE name = '1' AND ledger = (SELECT id FROM ledgers WHERE name = 'wrong/tag')"));
        LedgerAudit.Execute(data, "UPDATE ledgers SET checksum = zeroblob(32) WHERE name = 'wrong/tag'");

        await cluster.StartAllAsync();
        foreach (var (repository, image) in images) await cluster["eu"].Client.PushAsync(repository, "3", image);
        await cluster.WaitUntilConvergedAsync();

        foreach (var (repository, image) in images)
        {
            // Found damaged at the start, it is answered again when it has been looked at after the repair.
            await Waiting.UntilAsync($"us answers for {repository}",
                async () => (await cluster["us"].Client.GetManifestAsync(repository, "1")).Status != HttpStatusCode.ServiceUnavailable);
            foreach (var tag in new[] { "1", "2", "3" }) await cluster["us"].Client.PullExactlyAsync(repository, tag, image);
        }

        await cluster.StopAsync();
        LedgerAudit.AssertEqual([.. cluster.Regions]);
    }
}
