using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using GeoRegistry.Cluster.Tests.Histories;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;

namespace GeoRegistry.Cluster.Tests.Chaos;

/// <summary>Clients in every region that push, move, delete and pull the same tags and manifests, whatever happens.</summary>
/// <param name="cluster">The regions.</param>
/// <param name="policies">Their policies.</param>
/// <param name="writer">Writes.</param>
/// <param name="history">Where all is recorded.</param>
/// <param name="wasWholeSince">Whether nothing was broken since a moment.</param>
internal sealed class ChaosLoad(
    RegionCluster cluster, ChaosPolicies policies, ChaosWriter writer, RunHistory history, Func<long, bool> wasWholeSince) : IDisposable
{
    private const int WritersPerRegion = 2, ReadersPerRegion = 2;

    /// <summary>What a client waits for an answer; a region that is cut off silently gives none.</summary>
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(15);

    private readonly Dictionary<string, HttpClient> _https = cluster.Regions.ToDictionary(
        region => region.Id,
        region => new HttpClient(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(2) })
        {
            BaseAddress = region.Address,
            Timeout = RequestTimeout,
        });

    private readonly Skopeo _skopeo = new();
    private int _pulls, _failed;

    /// <summary>What skopeo pushed, and nobody deletes: a repository, an image by its digest.</summary>
    public ConcurrentQueue<ManifestName> Copied { get; } = new();

    public int Pulls => _pulls;

    /// <summary>Pulls that faults made fail.</summary>
    public int Failed => _failed;

    /// <summary>Loads until it is told to end.</summary>
    /// <param name="random">Chance.</param>
    /// <param name="end">The end.</param>
    public Task RunAsync(Random random, CancellationToken end) => Task.WhenAll(
    [
        .. from region in cluster.Regions from _ in Enumerable.Range(0, WritersPerRegion) select RepeatAsync(
            chance => writer.WriteAsync(Recorder(region), chance), new Random(random.Next()), end),
        .. from region in cluster.Regions from _ in Enumerable.Range(0, ReadersPerRegion) select RepeatAsync(
            chance => PullAsync(region, chance), new Random(random.Next()), end),
        .. from region in cluster.Regions select RepeatAsync(chance => LookAtDeletedAsync(region, chance), new Random(random.Next()), end),
        RepeatAsync(CopyAsync, new Random(random.Next()), end),
    ]);

    public RecordingClient Recorder(ClusterRegion region) => new(
        new RegionClient(region.Id, _https[region.Id]),
        history,
        (repository, start) => !wasWholeSince(start) || ChaosPolicies.MayKeepOut(repository));

    public void Dispose()
    {
        foreach (var http in _https.Values) http.Dispose();
        _skopeo.Dispose();
    }

    // On threads of the pool: a test's own context has few.
    private static Task RepeatAsync(Func<Random, Task> act, Random random, CancellationToken end) =>
        Task.Run(
        async () =>
        {
            while (!end.IsCancellationRequested)
            {
                await act(random);
                await Task.Delay(random.Next(10, 60), CancellationToken.None);
            }
        },
        CancellationToken.None);

    private async Task PullAsync(ClusterRegion region, Random random)
    {
        var (start, client) = (Stopwatch.GetTimestamp(), Recorder(region));
        var name = random.Next(2) == 0 && writer.Images.Pick(random) is var (pushed, image)
            ? pushed.ByDigest(image.Digest)
            : ChaosWriter.Tags[random.Next(ChaosWriter.Tags.Count)];
        var isLook = random.Next(4) == 0;
        var answer = isLook ? await client.LookAsync(name) : await client.ReadAsync(name);
        if (answer?.Status == HttpStatusCode.NotFound) return;
        Interlocked.Increment(ref _pulls);
        if (answer?.Status == HttpStatusCode.OK && !isLook) answer = await client.PullAsync(name.ByDigest(answer.Digest!));
        // What was deleted meanwhile is for the history to check.
        if (answer?.Status is HttpStatusCode.OK or HttpStatusCode.NotFound) return;
        if (answer?.Status == HttpStatusCode.Forbidden && policies.MayRefuseSince(region.Id, name.Repository, start)) return;
        Fail($"{region.Id} answers {name} with {answer?.Request ?? "nothing"} {answer?.Status} {answer?.Text}", wasWholeSince(start));
    }

    private async Task LookAtDeletedAsync(ClusterRegion region, Random random)
    {
        if (writer.Images.PickDeleted(random) is { } deleted) await Recorder(region).LookAsync(deleted);
    }

    private async Task CopyAsync(Random random)
    {
        var (from, to) = (cluster.Regions.ElementAt(random.Next(3)), cluster.Regions.ElementAt(random.Next(3)));
        var (repository, tag, start) = ($"{(random.Next(2) == 0 ? "us-team" : "chaos")}/skopeo", $"{random.Next(1000)}",
            Stopwatch.GetTimestamp());
        var (image, digest) = await _skopeo.MakeImageAsync(random, 50_000, 20_000);
        if (!await _skopeo.TryPushAsync(image, from.Address, repository, tag)) return;
        Copied.Enqueue(new ManifestName(repository, digest));
        if (!await _skopeo.TryPullAsync(to.Address, repository, digest)) Fail(_skopeo.LastError, wasWholeSince(start));
    }

    private void Fail(string what, bool wasWhole)
    {
        if (wasWhole) history.Fault($"While all regions were up: {what}");
        else Interlocked.Increment(ref _failed);
    }
}
