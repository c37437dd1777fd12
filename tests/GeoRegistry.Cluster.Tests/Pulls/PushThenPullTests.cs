using System.Collections.Concurrent;
using System.Diagnostics;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.TestKit;
using Xunit.Abstractions;

namespace GeoRegistry.Cluster.Tests.Pulls;

/// <summary>
/// The promise that all else serves: what a push was acknowledged for is pulled anywhere, whatever replication has done
/// so far.
/// </summary>
[Collection(SharedRegions.Collection)]
public sealed class PushThenPullTests(SharedRegions shared, ITestOutputHelper output)
{
    private const int Workers = 64;

    private static readonly int Pairs = LongTests.AreOn ? 10_000 : 1_000;
    private static readonly string[] Prefixes = ["pairs", "us-team/pairs", "ap-team/pairs"];

    private readonly ConcurrentQueue<string> _failures = new();
    private readonly ConcurrentQueue<double> _pushes = new(), _pulls = new();
    private int _begun;

    [Fact]
    public async Task Pull_ElsewhereRightAfterAPush_AnswersWhatWasPushed()
    {
        var random = Seeds.Next(output);
        var began = Stopwatch.GetTimestamp();

        await Task.WhenAll(Enumerable.Range(0, Workers).Select(worker => WorkAsync(worker, new Random(random.Next()))));

        output.WriteLine(
            $"{Pairs} pairs in {Stopwatch.GetElapsedTime(began).TotalSeconds:0} s; push {Spread(_pushes)}, pull {Spread(_pulls)}");
        Assert.True(
            _failures.IsEmpty,
            $"{_failures.Count} of {Pairs} pairs failed:\n{string.Join('\n', _failures.Take(10))}\n"
            + $"{(_failures.IsEmpty ? "" : shared.Cluster.Tails())}");
    }

    private async Task WorkAsync(int worker, Random random)
    {
        while (Interlocked.Increment(ref _begun) is var number && number <= Pairs)
        {
            var regions = shared.Cluster.Regions.ToArray();
            random.Shuffle(regions);
            // Workers share repositories and have tags of their own, half of which exist already.
            var repository = $"{Prefixes[random.Next(Prefixes.Length)]}/{random.Next(4)}";
            var tag = random.Next(2) == 0 ? $"new-{number}" : $"moved-{worker}-{random.Next(2)}";
            var image = Next(random);
            try
            {
                var start = Stopwatch.GetTimestamp();
                await regions[0].Client.PushAsync(repository, tag, image, looksFirst: random.Next(2) == 0);
                _pushes.Enqueue(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                start = Stopwatch.GetTimestamp();
                await regions[1].Client.PullExactlyAsync(repository, tag, image);
                _pulls.Enqueue(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
            catch (Exception e)
            {
                _failures.Enqueue($"{regions[0].Id} → {regions[1].Id} {repository}:{tag} ({image.MediaType}): {e.Message}");
            }
        }
    }

    private static TestImage Next(Random random) => random.Next(10) switch
    {
        0 => TestImage.IndexOf([TestImage.Next(random, 500), TestImage.Next(random, 500)], Blob.Next(random, 300)),
        1 => TestImage.Next(random, 200_000, 1_000),
        _ => TestImage.Next(random, random.Next(100, 10_000)),
    };

    private static string Spread(IEnumerable<double> milliseconds)
    {
        var sorted = milliseconds.Order().ToList();
        return sorted.Count == 0 ? "none" : $"p50 {sorted[sorted.Count / 2]:0} ms p99 {sorted[sorted.Count * 99 / 100]:0} ms";
    }
}
