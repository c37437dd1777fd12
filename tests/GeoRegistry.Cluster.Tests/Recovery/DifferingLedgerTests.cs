using System.Net;
using GeoRegistry.Cluster.Tests.Histories;
using GeoRegistry.Cluster.Tests.Links;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.Ledgers.Verification;
using GeoRegistry.TestKit;
using Xunit.Abstractions;

namespace GeoRegistry.Cluster.Tests.Recovery;

/// <summary>
/// A ledger whose rows fit its own checksum and are not its home's is found by comparing regions alone; one that is damaged is
/// answered by nobody, and taken back from whichever region has it right.
/// </summary>
[Trait("Stores", "embedded")]
public sealed class DifferingLedgerTests(ITestOutputHelper output)
{
    private const string Name = "differ/app", Ledger = $"ledger = (SELECT id FROM ledgers WHERE name = '{Name}')";

    private static readonly TimeSpan FindTime = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData("gone")]
    [InlineData("other tag")]
    public async Task Start_LedgerOfAReplicaIsWholeAndNotItsHomes_IsReplacedWithoutACommit(string difference)
    {
        await using var cluster = await RegionCluster.StartAsync(new ClusterPlan { Regions = ["eu", "us"], Homes = [new("", "eu")] });
        var (us, images) = (cluster["us"], await PushAsync(cluster));
        await us.StopAsync();
        if (difference == "gone") RemoveLedger(us.DataFolder);
        else MoveTag(us.DataFolder);

        await us.StartAsync();
        await AwaitRepairAsync(us);

        await PullAsync(us, images);
        await cluster.StopAsync();
        LedgerAudit.AssertHeadsEqual([.. cluster.Regions]);
        Assert.Equal(TagsOf(cluster["eu"].DataFolder), TagsOf(us.DataFolder));
    }

    /// <summary>The region that is asked first cannot give it: it has another, or its own is damaged too.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Start_LedgerOfAHomeIsDamaged_IsTakenFromTheRegionThatHasItAsTheHomeHadIt(bool isOtherDamaged)
    {
        await using var cluster = await RegionCluster.StartAsync();
        var (eu, us, images) = (cluster["eu"], cluster["us"], await PushAsync(cluster));
        await cluster.StopAsync();
        DamageTag(eu.DataFolder);
        if (isOtherDamaged) DamageTag(us.DataFolder);
        else MoveTag(us.DataFolder);

        await cluster.StartAllAsync();
        await AwaitRepairAsync(eu);
        await PullAsync(eu, images);
        await AwaitRepairAsync(us);

        await PullAsync(us, images);
        await cluster.StopAsync();
        foreach (var region in cluster.Regions) Assert.Equal(TagsOf(eu.DataFolder), TagsOf(region.DataFolder));
    }

    [Fact]
    public async Task Start_DamagedLedgerThatNobodyCanGiveBackYet_IsNotAnsweredAndOthersAre()
    {
        await using var cluster = await RegionCluster.StartAsync();
        var (us, images) = (cluster["us"], await PushAsync(cluster));
        await cluster["eu"].Client.PushAsync("whole/app", "1", images[0]);
        await cluster.WaitUntilConvergedAsync();
        await us.StopAsync();
        DamageTag(us.DataFolder);
        cluster.CutOff("us", CutMode.Refused);

        await us.StartAsync();
        await AwaitWordAsync(us, "is damaged");

        var digest = images[0].Digest;
        foreach (var path in new[]
            { "manifests/1", $"manifests/{digest}", "tags/list", $"referrers/{digest}", $"blobs/{images[0].Blobs[0].Digest}" })
        {
            (await us.Client.SendAsync(HttpMethod.Get, $"/v2/{Name}/{path}")).Expect(HttpStatusCode.ServiceUnavailable);
            var other = await us.Client.SendAsync(HttpMethod.Get, $"/v2/whole/app/{path}");
            Assert.True(other.Status == HttpStatusCode.OK, $"{path}: {other.Status}");
        }

        cluster.Rejoin("us");
        await AwaitRepairAsync(us);
        await PullAsync(us, images);
    }

    // The tag 1 names the first image, 2 the second.
    private async Task<IReadOnlyList<TestImage>> PushAsync(RegionCluster cluster)
    {
        await cluster.WaitUntilConvergedAsync(); // A region that is still taking over gets snapshots.
        var random = Seeds.Next(output);
        TestImage[] images = [TestImage.Next(random, 300), TestImage.Next(random, 300)];
        for (var i = 0; i < images.Length; i++) await cluster["eu"].Client.PushAsync(Name, $"{i + 1}", images[i]);
        await cluster.WaitUntilConvergedAsync();
        return images;
    }

    private static async Task PullAsync(ClusterRegion region, IReadOnlyList<TestImage> images)
    {
        for (var i = 0; i < images.Count; i++) await region.Client.PullExactlyAsync(Name, $"{i + 1}", images[i]);
    }

    private static Task AwaitRepairAsync(ClusterRegion region) => AwaitWordAsync(region, "is repaired.");

    private static Task AwaitWordAsync(ClusterRegion region, string word) => Waiting.UntilAsync(
        $"{region.Id} says that {Name} {word}",
        () => Task.FromResult(region.Output.Contains($"The repository:{Name} {word}", StringComparison.Ordinal)),
        FindTime);

    private static void RemoveLedger(string data)
    {
        foreach (var table in new[] { "commits", "manifests", "tags", "manifest_references", "referrers", "blob_links" })
            LedgerAudit.Execute(data, $"DELETE FROM {table} WHERE {Ledger}");
        Assert.Equal(1, LedgerAudit.Execute(data, $"DELETE FROM ledgers WHERE name = '{Name}'"));
    }

    private static void DamageTag(string data) => SetTag(data, "CAST(x'01' || zeroblob(32) AS BLOB)");

    private static void SetTag(string data, string digest) =>
        Assert.Equal(1, LedgerAudit.Execute(data, $"UPDATE tags SET digest = {digest} WHERE {Ledger} AND name = '1'"));

    // The row and the ledger's checksum say the same: as if the region had always had it so.
    private static void MoveTag(string data)
    {
        var digests = LedgerAudit.Query(
            data, $"SELECT digest FROM tags WHERE {Ledger} ORDER BY name", row => row.GetFieldValue<byte[]>(0));
        var contents = LedgerAudit.Query(
            data,
            $"SELECT contents FROM ledgers WHERE name = '{Name}'",
            row => ContentsChecksum.FromBytes(row.GetFieldValue<byte[]>(0))!.Value).Single();
        var moved = contents - ContentsChecksum.OfTag("1", digests[0]) + ContentsChecksum.OfTag("1", digests[1]);
        SetTag(data, $"x'{Convert.ToHexString(digests[1])}'");
        Assert.Equal(1, LedgerAudit.Execute(data, $"UPDATE ledgers SET contents = x'{moved}' WHERE name = '{Name}'"));
    }

    private static List<string> TagsOf(string data) =>
        LedgerAudit.Query(data, $"SELECT name || ' ' || hex(digest) FROM tags WHERE {Ledger} ORDER BY name", row => row.GetString(0));
}
