using System.Diagnostics;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.TestKit;
using Xunit.Abstractions;

namespace GeoRegistry.Cluster.Tests.Performance;

/// <summary>What replication costs who pushes in the home.</summary>
[Trait("Run", "alone")]
public sealed class PushCostTests(ITestOutputHelper output)
{
    private const int PushesPerRound = 5;

    private static readonly int Rounds = LongTests.AreOn ? 150 : 6;

    /// <summary>A few rounds tell of the disk's moods more than of anything else.</summary>
    private static readonly double MaxRatio = LongTests.AreOn ? 1.05 : 5;

    [Fact]
    public async Task Push_InTheHomeOfThreeRegions_CostsWhatASingleRegionDoes()
    {
        using var memory = new MemoryFolder();
        // Elsewhere the other regions are other machines: here they get what is left of this one, and no turn at its disk.
        await using var cluster = await RegionCluster.StartAsync(new ClusterPlan
        {
            Runner = region => region == "eu" ? [] : ["chrt", "--idle", "0"],
            DataFolder = region => region == "eu" ? memory.OnDisk("eu") : memory.InMemory(region),
        });
        await using var single = await RegistryProcess.StartAsync(memory.OnDisk("single"));
        using var http = single.CreateClient();
        var (alone, home, random) = (new RegionClient("single", http), cluster["eu"].Client, Seeds.Next(output));
        await RoundAsync(alone, random, "warm", looksFirst: true);
        await RoundAsync(home, random, "warm", looksFirst: true);
        await cluster.WaitUntilConvergedAsync();

        // Looking for a blob that no region has asks them all; that cost is reported and not bounded.
        await CompareAsync(Math.Max(2, Rounds / 8), looksFirst: true);
        Assert.InRange(await CompareAsync(Rounds, looksFirst: false), 0, MaxRatio);

        async Task<double> CompareAsync(int rounds, bool looksFirst)
        {
            List<double> ratios = [];
            for (var round = 0; round < rounds; round++)
            {
                // Each is first as often as the other, and what a round left to do is done before the next.
                var first = round % 2 == 0 ? alone : home;
                var second = first == alone ? home : alone;
                var times = new Dictionary<RegionClient, double>
                {
                    [first] = await RoundAsync(first, random, $"{looksFirst}-{round}", looksFirst),
                };
                await cluster.WaitUntilConvergedAsync();
                times[second] = await RoundAsync(second, random, $"{looksFirst}-{round}", looksFirst);
                await cluster.WaitUntilConvergedAsync();
                ratios.Add(times[home] / times[alone]);
            }

            output.WriteLine(
                $"home of three / single{(looksFirst ? ", looking for blobs first" : "")}: median {Measure.Median(ratios):0.000}; "
                + $"{string.Join(' ', ratios.Select(ratio => $"{ratio:0.00}"))}");
            return Measure.Median(ratios);
        }
    }

    /// <returns>The median time of a push, in seconds.</returns>
    private static async Task<double> RoundAsync(RegionClient client, Random random, string round, bool looksFirst)
    {
        List<double> times = [];
        for (var number = 0; number < PushesPerRound; number++)
        {
            var image = TestImage.Next(random, 64_000);
            var began = Stopwatch.GetTimestamp();
            await client.PushAsync("cost/app", $"{round}-{number}", image, looksFirst: looksFirst);
            times.Add(Stopwatch.GetElapsedTime(began).TotalSeconds);
        }

        return Measure.Median(times);
    }

    /// <summary>Folders on the disk and, where there is one, in a file system in memory.</summary>
    private sealed class MemoryFolder : IDisposable
    {
        private const string SharedMemory = "/dev/shm";

        private readonly TemporaryFolder _disk = new();
        private readonly DirectoryInfo? _memory = Directory.Exists(SharedMemory)
            ? Directory.CreateDirectory(Path.Combine(SharedMemory, $"georegistry-test-{Guid.NewGuid():n}")) : null;

        public string OnDisk(string name) => _disk.Child(name);

        public string InMemory(string name) => _memory is null ? OnDisk(name) : Path.Combine(_memory.FullName, name);

        public void Dispose()
        {
            _memory?.Delete(recursive: true);
            _disk.Dispose();
        }
    }
}
