using GeoRegistry.Cluster.Tests.Histories;
using GeoRegistry.Cluster.Tests.Links;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.TestKit;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace GeoRegistry.Cluster.Tests.Chaos;

/// <summary>
/// Regions are killed, links cut, disks filled, blobs damaged and policies changed at random under load; afterwards the whole run is
/// checked.
/// </summary>
public sealed class ChaosTests : IDisposable
{
    private const string SettledRepository = "settled/image";

    private static readonly TimeSpan Duration = LongTests.AreOn ? TimeSpan.FromMinutes(10) : TimeSpan.FromSeconds(30);

    /// <summary>How many kinds of faults the short form makes at least; the long one makes all.</summary>
    private const int MinKindsOfShortForm = 4;

    private readonly ITestOutputHelper _output;
    private readonly Dictionary<string, SmallDisk> _disks;

    public ChaosTests(ITestOutputHelper output) =>
        (_output, _disks) = (
            output,
            new ClusterPlan().Regions.ToDictionary(region => region, _ => new SmallDisk(LongTests.AreOn ? 1000 : 200)));

    [Fact]
    public async Task Run_WithFaultsAtRandom_IsLinearLosesNothingAndEndsEqual()
    {
        var random = Seeds.Next(_output);
        await using var cluster = await RegionCluster.StartAsync(new ClusterPlan
        {
            Link = LinkQuality.Wide with { Loss = 0.0005 },
            DataFolder = region => _disks[region].Path,
            Policies = ChaosPolicies.First,
        });
        var settled = TestImage.Next(random, 5000);
        await cluster.Regions.First().Client.PushAsync(SettledRepository, "1", settled);
        await cluster.WaitUntilConvergedAsync();

        var (policies, damage, writer, history) = (
            new ChaosPolicies(cluster), new BlobDamage(cluster), new ChaosWriter(), new RunHistory());
        var kinds = new FaultKinds(
            cluster, _disks, policies, damage, (SettledRepository, settled), writer.Unread, new Random(random.Next()));
        var faults = new RandomFaults(cluster, policies, kinds, new Random(random.Next()));
        using var load = new ChaosLoad(cluster, policies, writer, history, faults.WasWholeSince);
        var atEnd = new ChaosEnd(cluster, policies, load, history);
        var minKinds = LongTests.AreOn ? kinds.All.Length : MinKindsOfShortForm;
        using var time = new CancellationTokenSource(Duration);
        using var end = new CancellationTokenSource();
        try
        {
            await Task.WhenAll(MakeFaultsAsync(), load.RunAsync(new Random(random.Next()), end.Token));
            await policies.AwaitAdoptedAsync();
            await cluster.WaitUntilConvergedAsync();
            await damage.VerifyAsync();
            await cluster.WaitUntilConvergedAsync();
            var there = await atEnd.ReadAllAsync();
            await atEnd.AssertEachHasAllAsync([.. there, .. load.Copied]);
            await atEnd.AssertAgreeOnBlobsAsync(writer.DeletedBlobs.Keys);
            await cluster.StopAsync();
            var commits = LedgerAudit.AssertEqual([.. cluster.Regions], policies.Allows);
            _output.WriteLine(
                $"{history.Count} recorded, {there.Count} manifests at the end, {load.Copied.Count} images copied, "
                + $"{load.Pulls} pulls of which faults made {load.Failed} fail, {damage.Count} blobs damaged, {commits} commits");
            _output.WriteLine(string.Join(", ", writer.Done.OrderBy(kind => kind.Key).Select(kind => $"{kind.Value} {kind.Key}")));
            history.AssertRight(cluster.Regions);
            foreach (var region in cluster.Regions) region.Blobs.AssertWhole();
            Assert.Equal(ChaosWriter.Kinds.Order(), writer.Done.Keys.Order());
            Assert.True(
                faults.Made.Count >= minKinds, $"Of {minKinds} kinds of faults, only these were made: {string.Join(", ", faults.Made)}.");
            Assert.True(writer.Done.Values.Sum() > 3 * Duration.TotalSeconds, "The load wrote too little.");
        }
        catch (Exception e)
        {
            throw new XunitException($"{e.Message}\nThe faults were: {string.Join("; ", kinds.Done)}\n{cluster.Tails()}", e);
        }

        _output.WriteLine($"{faults.Made.Count} kinds of faults: {string.Join(", ", faults.Made)}");
        _output.WriteLine($"The faults were: {string.Join("; ", kinds.Done)}");

        // The load goes on for as long as faults are made.
        async Task MakeFaultsAsync()
        {
            try
            {
                await faults.MakeAsync(minKinds, time.Token);
            }
            finally
            {
                await end.CancelAsync();
            }
        }
    }

    public void Dispose()
    {
        foreach (var disk in _disks.Values) disk.Dispose();
    }
}
