using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.TestKit;
using Xunit.Abstractions;

namespace GeoRegistry.Cluster.Tests.Recovery;

/// <summary>The database of a home is lost, and its standby promoted.</summary>
[Trait("Stores", "embedded")] // They have a database of their own.
public sealed class PromotionTests(ITestOutputHelper output) : IAsyncLifetime
{
    /// <summary>The longest that a request may take from the loss on: a second to find the primary, and leases that have to end.</summary>
    private static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(20);

    private PostgreSqlPair _databases = null!;

    public async Task InitializeAsync() => _databases = await PostgreSqlPair.StartAsync();

    public async Task DisposeAsync() => await _databases.DisposeAsync();

    /// <summary>The standby has all that was acknowledged.</summary>
    [Fact]
    public async Task Promotion_UnderLoad_NobodySeesAnErrorAndNothingIsLost()
    {
        await _databases.Primary.WaitForStandbyAsync();
        await using var cluster = await StartAsync();
        var random = Seeds.Next(output);
        foreach (var region in cluster.Regions)
        {
            var first = TestImage.Next(random, 500);
            await Waiting.UntilAsync($"{region.Id} takes pushes", async () =>
            {
                try
                {
                    await region.Client.PushAsync("team/first", region.Id, first);
                    return true;
                }
                catch (AnswerException)
                {
                    return false;
                }
            });
        }

        var load = new PushLoad(cluster, random);
        await load.UntilEachPushedAsync(5);

        await _databases.Primary.KillAsync();
        await _databases.Standby.PromoteAsync();
        await load.UntilEachPushedAsync(10);
        await load.EndAsync();

        output.WriteLine($"the slowest answer took {load.Slowest.TotalSeconds:0.0} s");
        output.WriteLine(string.Join('\n', load.Errors));
        Assert.Empty(load.Errors);
        Assert.InRange(load.Slowest, TimeSpan.Zero, LongestAnswer);
        Assert.Contains("was written in timeline 1, and is in 2 now", cluster["eu"].Output, StringComparison.Ordinal);
        await cluster.WaitUntilConvergedAsync();
        foreach (var (tag, image) in load.Acknowledged)
        {
            foreach (var region in cluster.Regions) await region.Client.PullExactlyAsync(tag.Repository, tag.Tag, image);
        }
    }

    /// <summary>What the standby lacks was acknowledged, and is in other regions.</summary>
    [Fact]
    public async Task Promotion_OfAStandbyThatLacksCommits_TheRegionHasThemBackBeforeItAnswers()
    {
        await using var cluster = await StartAsync();
        var (eu, us, random) = (cluster["eu"], cluster["us"], Seeds.Next(output));
        var (old, image) = (TestImage.Next(random, 1000), TestImage.Next(random, 1000));
        await eu.Client.PushAsync("team/app", "1", old);
        await cluster["us"].Client.PushAsync("us-team/app", "1", old);
        await cluster.WaitUntilConvergedAsync();
        await _databases.CatchUpAsync();
        await _databases.Standby.StopAsync();
        var receipt = (await eu.Client.PushAsync("team/app", "1", image)).Receipt;
        await us.Client.PushAsync("us-team/app", "1", image);
        await cluster.WaitUntilConvergedAsync();
        Assert.Equal("1", await FindTagsAsync(eu)); // In memory.

        await LoseAsync();

        // The first answers, of both what eu is the home of and what it follows.
        await eu.Client.PullExactlyAsync("team/app", "1", image);
        await eu.Client.PullExactlyAsync("us-team/app", "1", image);
        Assert.False((await eu.Client.GetManifestAsync("team/app", "1")).MayBeStale);
        var pushed = await eu.Client.PushAsync("team/app", "2", image);
        Assert.NotEqual(IncarnationOf(receipt), IncarnationOf(pushed.Receipt));
        await cluster.WaitUntilConvergedAsync();
        foreach (var region in cluster.Regions)
        {
            foreach (var (repository, tag) in new[] { ("team/app", "1"), ("team/app", "2"), ("us-team/app", "1") })
                await region.Client.PullExactlyAsync(repository, tag, image);
        }

        // A server that starts on it goes on, too; nothing was replaced since.
        await eu.KillAsync();
        await eu.StartAsync();
        Assert.Equal(IncarnationOf(pushed.Receipt), IncarnationOf((await eu.Client.PushAsync("team/app", "3", old)).Receipt));
    }

    /// <summary>The only region that has what the standby lacks is away.</summary>
    [Fact]
    public async Task Promotion_OfAStandbyThatLacksCommitsWhileAPeerIsAway_TheRegionWaitsForItAndNamesIt()
    {
        await using var cluster = await StartAsync();
        var (eu, ap, random) = (cluster["eu"], cluster["ap"], Seeds.Next(output));
        var (old, image) = (TestImage.Next(random, 1000), TestImage.Next(random, 1000));
        await eu.Client.PushAsync("team/app", "1", old);
        await cluster.WaitUntilConvergedAsync();
        await _databases.CatchUpAsync();
        await _databases.Standby.StopAsync();
        await cluster["us"].KillAsync();
        await eu.Client.PushAsync("team/app", "1", image);
        await Waiting.UntilAsync("ap has it", async () => (await ap.Client.GetManifestAsync("team/app", "1")).Digest == image.Digest);
        await ap.SuspendAsync();
        await cluster["us"].StartAsync();

        await LoseAsync();

        await Waiting.UntilAsync("writes are refused, as commits may be missing", async () =>
        {
            var refused = await eu.Client.PutManifestAsync("team/app", "2", old);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.Status);
            return refused.Text.Contains("was written in timeline 1", StringComparison.Ordinal);
        });
        await Waiting.UntilAsync(
            "it names who is away", () => Task.FromResult(eu.Output.Contains("Unreachable: ap", StringComparison.Ordinal)));

        await ap.ContinueAsync();
        await Waiting.UntilAsync("eu has it back", async () =>
            await eu.Client.GetManifestAsync("team/app", "1") is { MayBeStale: false, Status: HttpStatusCode.OK });
        await eu.Client.PullExactlyAsync("team/app", "1", image);
        await eu.Client.PushAsync("team/app", "2", old);
        await cluster.WaitUntilConvergedAsync();
    }

    private Task<RegionCluster> StartAsync() => RegionCluster.StartAsync(new ClusterPlan
    {
        OptionsOf = region =>
            region == "eu" ? new() { ["GeoRegistry:PostgreSql:ConnectionString"] = _databases.ConnectionString } : [],
    });

    private async Task LoseAsync()
    {
        await _databases.Primary.KillAsync();
        await _databases.Standby.StartAsync();
        await _databases.Standby.PromoteAsync();
    }

    private static async Task<string?> FindTagsAsync(ClusterRegion region) =>
        (await region.Client.GetManifestAsync("team/app", "1")).Status == HttpStatusCode.OK ? "1" : null;

    private static string IncarnationOf(string? receipt) => receipt!.Split('-')[^2];

    /// <summary>A client in each region that pushes a tag after the other, and pulls what was pushed last.</summary>
    private sealed class PushLoad
    {
        private readonly CancellationTokenSource _ending = new();
        private readonly ConcurrentDictionary<string, int> _pushed = new();
        private readonly Task _running;
        private long _slowest;

        public PushLoad(RegionCluster cluster, Random random) => _running = Task.WhenAll(cluster.Regions
            .Select(region => (Region: region, Random: new Random(random.Next())))
            .Select(client => RunAsync(client.Region, client.Random)).ToList());

        public ConcurrentQueue<string> Errors { get; } = [];

        public ConcurrentDictionary<(string Repository, string Tag), TestImage> Acknowledged { get; } = [];

        public TimeSpan Slowest => TimeSpan.FromTicks(Volatile.Read(ref _slowest));

        public Task UntilEachPushedAsync(int more)
        {
            var before = _pushed.ToDictionary();
            return Waiting.UntilAsync(
                $"each client has pushed {more} images more",
                () => Task.FromResult(Errors.IsEmpty ? _pushed.Count == 3
                    && _pushed.All(client => client.Value >= before.GetValueOrDefault(client.Key) + more) : true));
        }

        public Task EndAsync()
        {
            _ending.Cancel();
            return _running;
        }

        private async Task RunAsync(ClusterRegion region, Random random)
        {
            await Task.Yield();
            for (var number = 1; !_ending.IsCancellationRequested; number++)
            {
                var (repository, tag, image) = ($"team/{region.Id}", $"{number % 5}", TestImage.Next(random, 500));
                var began = Stopwatch.GetTimestamp();
                try
                {
                    await region.Client.PushAsync(repository, tag, image);
                    Note(began);
                    Acknowledged[(repository, tag)] = image;
                    began = Stopwatch.GetTimestamp();
                    await region.Client.PullExactlyAsync(repository, tag, image);
                    Note(began);
                }
                catch (Exception e)
                {
                    Errors.Enqueue($"{region.Id} {number}: {e.Message}");
                    return;
                }

                _pushed[region.Id] = number;
            }
        }

        private void Note(long began)
        {
            var took = Stopwatch.GetElapsedTime(began).Ticks;
            while (Volatile.Read(ref _slowest) is var slowest && took > slowest) Interlocked.CompareExchange(ref _slowest, took, slowest);
        }
    }
}
