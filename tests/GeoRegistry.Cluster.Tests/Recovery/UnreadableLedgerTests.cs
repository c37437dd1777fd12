using System.Net;
using GeoRegistry.Cluster.Tests.Histories;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.TestKit;
using Xunit.Abstractions;

namespace GeoRegistry.Cluster.Tests.Recovery;

/// <summary>A ledger that cannot be read at its home stops nothing but itself.</summary>
[Trait("Stores", "embedded")]
public sealed class UnreadableLedgerTests(ITestOutputHelper output)
{
    private const string Commit = "ledger = (SELECT id FROM ledgers WHERE name = 'bad/app')";

    [Fact]
    public async Task Commit_ThatCannotBeReadAtItsHome_BlocksOnlyItsLedgerUntilTheHomeIsWhole()
    {
        await using var cluster = await RegionCluster.StartAsync(new ClusterPlan { Regions = ["eu", "us"], Homes = [new("", "eu")] });
        var (eu, us, random) = (cluster["eu"], cluster["us"], Seeds.Next(output));
        var (bad, good) = (TestImage.Next(random, 1000), TestImage.Next(random, 1000));
        await eu.Client.PushAsync("bad/app", "0", good);
        await eu.Client.PushAsync("good/app", "0", good);
        await cluster.WaitUntilConvergedAsync();
        await us.StopAsync();
        await eu.Client.PushAsync("bad/app", "1", bad);
        await eu.Client.PushAsync("good/app", "1", good);
        await eu.StopAsync();
        var kept = LedgerAudit.Query(
            eu.DataFolder,
            $"SELECT hex(encoded), hex(content) FROM commits, manifests WHERE commits.{Commit} AND commits.number = 2 "
            + $"AND manifests.{Commit} AND instr(content, CAST('{bad.Blobs[0].Digest}' AS BLOB)) > 0",
            row => (row.GetString(0), row.GetString(1))).Single();
        Damage("zeroblob(length(encoded))", "zeroblob(length(content))");
        await cluster.StartAllAsync();

        var receipt = (await eu.Client.PushAsync("good/app", "2", good)).Receipt;
        await Waiting.UntilAsync("us has the rest of the feed", async () =>
            (await us.Client.GetJsonAsync<ReceiptAnswer>($"/api/v1/receipts/{receipt}?region=us")).In("us") == "complete");
        await Waiting.UntilAsync("us says that a ledger is set aside", async () => (await us.ReplicationAsync()).From("eu").SetAside == 1);
        foreach (var tag in new[] { "1", "2" }) await us.Client.PullExactlyAsync("good/app", tag, good);

        // The home's rows are damaged and no other region has them, so the home does not answer from them.
        await Waiting.UntilAsync("eu finds the damage",
            async () => (await eu.Client.GetManifestAsync("bad/app", "0")).Status == HttpStatusCode.ServiceUnavailable);
        await Waiting.UntilAsync("us has tried again", () => Task.FromResult(Count(us, "is set aside for") >= 3));

        await eu.StopAsync();
        Damage($"x'{kept.Item1}'", $"x'{kept.Item2}'");
        await eu.StartAsync();
        await cluster.WaitUntilConvergedAsync();
        await us.Client.PullExactlyAsync("bad/app", "1", bad);
        await cluster.StopAsync();
        LedgerAudit.AssertHeadsEqual([.. cluster.Regions]);
        Assert.InRange(Count(us, "is set aside for"), 3, 10); // A line for each attempt, and each later than the one before.

        void Damage(string encoded, string content)
        {
            Assert.Equal(1, LedgerAudit.Execute(eu.DataFolder, $"UPDATE commits SET encoded = {encoded} WHERE {Commit} AND number = 2"));
            Assert.Equal(1, LedgerAudit.Execute(
                eu.DataFolder,
                $"UPDATE manifests SET content = {content} WHERE {Commit} "
                + $"AND digest = (SELECT digest FROM manifests WHERE {Commit} ORDER BY rowid LIMIT 1 OFFSET 1)"));
        }
    }

    private static int Count(ClusterRegion region, string text) => region.Output.Split(text).Length - 1;
}
