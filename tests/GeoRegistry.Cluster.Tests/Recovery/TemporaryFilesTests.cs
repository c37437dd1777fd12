using GeoRegistry.Cluster.Tests.Histories;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.TestKit;
using Xunit.Abstractions;

namespace GeoRegistry.Cluster.Tests.Recovery;

/// <summary>What SQLite has no memory for while it sorts goes to files of its own, which belong on the disk of the data.</summary>
[Trait("Stores", "embedded")]
public sealed class TemporaryFilesTests(ITestOutputHelper output)
{
    private const string LongQueue =
        """
        WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < 200000)
        INSERT INTO hydration (digest, size, origin, ledger, since, attempts, not_before, dead, error)
        SELECT CAST(x'01' || randomblob(32) AS BLOB), 1, 'eu', (SELECT min(id) FROM ledgers), 1700000000000, 0, 0, 0, NULL FROM numbers;
        INSERT INTO hydration_waits (blob, source, position, ledger) SELECT id, 'eu', id, ledger FROM hydration;
        """;

    [Fact]
    public async Task Start_HydrationQueueIsTooLongForMemory_IsSortedInTheDataFolder()
    {
        await using var cluster = await RegionCluster.StartAsync(new ClusterPlan { Regions = ["eu", "us"], Homes = [new("", "eu")] });
        var (eu, us) = (cluster["eu"], cluster["us"]);
        await eu.Client.PushAsync("team/app", "1", TestImage.Next(Seeds.Next(output), 300));
        await cluster.WaitUntilConvergedAsync();
        await us.StopAsync();
        Assert.Equal(400_000, LedgerAudit.Execute(us.DataFolder, LongQueue));

        await us.StartAsync();

        var file = await Waiting.UntilAsync("the queue is sorted", () => Task.FromResult(TemporaryFilesOf(us.ProcessId).FirstOrDefault()));
        Assert.StartsWith(Path.Combine(us.DataFolder, "spool"), file, StringComparison.Ordinal);
    }

    // They have no name any more while they are open.
    private static IEnumerable<string> TemporaryFilesOf(int process) => new DirectoryInfo($"/proc/{process}/fd").GetFiles()
        .Select(file => file.LinkTarget ?? "").Where(target => target.Contains("etilqs_", StringComparison.Ordinal));
}
