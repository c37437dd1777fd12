using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using GeoRegistry.Cluster.Tests.Histories;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;

namespace GeoRegistry.Cluster.Tests.Chaos;

/// <summary>Clients in every region that push, move, delete and pull the same tags, whatever happens.</summary>
internal sealed class ChaosLoad(RegionCluster cluster, Trouble trouble, RunHistory history) : IDisposable
{
    private const int WritersPerRegion = 2, ReadersPerRegion = 2;

    /// <summary>What a client waits for an answer; a region that is cut off silently gives none.</summary>
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(15);

    private static readonly TagName[] Tags =
    [
        .. from prefix in new[] { "chaos", "us-team/chaos", "ap-team/chaos" }
           from repository in new[] { "a", "b" }
           from tag in new[] { "1", "2", "3" }
           select new TagName($"{prefix}/{repository}", tag),
    ];

    private readonly Dictionary<string, HttpClient> _https = cluster.Regions.ToDictionary(
        region => region.Id, region => new HttpClient(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(2) }) { BaseAddress = region.Address, Timeout = RequestTimeout });

    private readonly Skopeo _skopeo = new();
    private int _pulls, _refused;

    /// <summary>What was acknowledged: a repository, an image by its digest.</summary>
    public ConcurrentDictionary<(string Repository, string Digest), bool> Acknowledged { get; } = new();

    public int Pulls => _pulls;

    /// <summary>Pulls that trouble made fail.</summary>
    public int Refused => _refused;

    /// <summary>Loads until it is told to end.</summary>
    public Task RunAsync(Random random, CancellationToken end) => Task.WhenAll(
    [
        .. from region in cluster.Regions from _ in Enumerable.Range(0, WritersPerRegion) select RepeatAsync(
            WriteAsync, region, new Random(random.Next()), end),
        .. from region in cluster.Regions from _ in Enumerable.Range(0, ReadersPerRegion) select RepeatAsync(
            ReadAsync, region, new Random(random.Next()), end),
        RepeatAsync(CopyAsync, cluster.Regions.First(), new Random(random.Next()), end),
    ]);

    /// <summary>Reads every tag in every region, for the history's end.</summary>
    public async Task ReadAllAsync()
    {
        foreach (var region in cluster.Regions)
        {
            foreach (var tag in history.Tags.ToList())
            {
                var answer = await Recorder(region).ReadAsync(tag);
                if (answer?.Status is not (HttpStatusCode.OK or HttpStatusCode.NotFound) || answer.MayBeStale)
                    history.Fault($"At the end {region.Id} answers {tag} with {answer?.Status} {answer?.Warning} {answer?.Text}");
            }
        }
    }

    public void Dispose()
    {
        foreach (var http in _https.Values) http.Dispose();
        _skopeo.Dispose();
    }

    // On threads of the pool: a test's own context has few.
    private static Task RepeatAsync(Func<ClusterRegion, Random, Task> act, ClusterRegion region, Random random, CancellationToken end) =>
        Task.Run(
        async () =>
        {
            while (!end.IsCancellationRequested)
            {
                await act(region, random);
                await Task.Delay(random.Next(10, 60), CancellationToken.None);
            }
        },
        CancellationToken.None);

    private async Task WriteAsync(ClusterRegion region, Random random)
    {
        var tag = Tags[random.Next(Tags.Length)];
        if (random.Next(12) == 0)
        {
            await Recorder(region).DeleteAsync(tag);
            return;
        }

        var image = TestImage.Next(random, random.Next(100, 20_000));
        if (await Recorder(region).PushAsync(tag, image)) Acknowledged[(tag.Repository, image.Digest)] = true;
    }

    private async Task ReadAsync(ClusterRegion region, Random random)
    {
        var (start, tag) = (Stopwatch.GetTimestamp(), Tags[random.Next(Tags.Length)]);
        var answer = await Recorder(region).ReadAsync(tag);
        if (answer?.Status == HttpStatusCode.NotFound) return;
        Interlocked.Increment(ref _pulls);
        if (answer?.Status != HttpStatusCode.OK)
        {
            Failed($"{region.Id} answers {tag} with {answer?.Status.ToString() ?? "nothing"} {answer?.Text}", start);
            return;
        }

        try
        {
            await Client(region).PullAsync(tag.Repository, answer.Digest!);
        }
        catch (Exception e) when (RecordingClient.IsFailure(e))
        {
            Failed($"{region.Id} of {tag}: {e.Message}", start);
        }
    }

    private async Task CopyAsync(ClusterRegion _, Random random)
    {
        var (from, to) = (cluster.Regions.ElementAt(random.Next(3)), cluster.Regions.ElementAt(random.Next(3)));
        var (repository, tag, start) = ($"{(random.Next(2) == 0 ? "us-team" : "chaos")}/skopeo", $"{random.Next(1000)}",
            Stopwatch.GetTimestamp());
        var (image, digest) = await _skopeo.MakeImageAsync(random, 50_000, 20_000);
        if (!await _skopeo.TryPushAsync(image, from.Address, repository, tag)) return;
        Acknowledged[(repository, digest)] = true;
        if (!await _skopeo.TryPullAsync(to.Address, repository, digest)) Failed(_skopeo.LastError, start);
    }

    private void Failed(string what, long start)
    {
        if (trouble.WasWholeSince(start)) history.Fault($"While all regions were up: {what}");
        else Interlocked.Increment(ref _refused);
    }

    private RecordingClient Recorder(ClusterRegion region) => new(Client(region), history);

    private RegionClient Client(ClusterRegion region) => new(region.Id, _https[region.Id]);
}
