using System.Collections.Concurrent;
using System.Net;
using GeoRegistry.Cluster.Tests.Histories;
using GeoRegistry.Cluster.Tests.Links;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.TestKit;

namespace GeoRegistry.Cluster.Tests.Chaos;

/// <summary>What must be so after the faults: all regions have all that their policies give them, and agree.</summary>
internal sealed class ChaosEnd(RegionCluster cluster, ChaosPolicies policies, ChaosLoad load, RunHistory history)
{
    private static readonly ParallelOptions Parallelism = new() { MaxDegreeOfParallelism = 8 };

    /// <summary>Reads every name in every region, for the history's end.</summary>
    /// <returns>The manifests that are there, by their digests.</returns>
    public async Task<IReadOnlyCollection<ManifestName>> ReadAllAsync()
    {
        var there = new ConcurrentDictionary<ManifestName, bool>();
        foreach (var region in cluster.Regions)
        {
            var client = load.Recorder(region);
            await Parallel.ForEachAsync(history.Names.ToList(), Parallelism, async (name, _) =>
            {
                var answer = await client.ReadAsync(name);
                var expects = policies.Allows(region.Id, name.Repository)
                    ? answer?.Status is HttpStatusCode.OK or HttpStatusCode.NotFound
                    : answer?.Status == HttpStatusCode.Forbidden;
                if (!expects || answer!.MayBeStale)
                    history.Fault($"At the end {region.Id} answers {name} with {answer?.Status} {answer?.Warning} {answer?.Text}");
                if (answer?.Status == HttpStatusCode.OK) there[name.ByDigest(answer.Digest!)] = true;
            });
        }

        return [.. there.Keys];
    }

    /// <summary>Every region pulls what it is to have while no other is in reach, and the rest through the others.</summary>
    public async Task AssertEachHasAllAsync(IReadOnlyCollection<ManifestName> images)
    {
        await PullAsync(images, (region, repository) => policies.Allows(region, repository) && !policies.Hydrates(region, repository));
        foreach (var link in cluster.Links) link.Cut(CutMode.Refused);
        await PullAsync(images, policies.Hydrates);
        cluster.HealAll();
    }

    /// <summary>A blob that was deleted, and maybe pushed again, is there for all regions or for none.</summary>
    public async Task AssertAgreeOnBlobsAsync(IEnumerable<(string Repository, string Digest)> blobs)
    {
        foreach (var (repository, digest) in blobs)
        {
            await Waiting.UntilAsync($"all regions agree on the blob {digest} of {repository}", async () =>
            {
                var answers = await Task.WhenAll(cluster.Regions
                    .Where(region => policies.Allows(region.Id, repository))
                    .Select(region => region.Client.HeadBlobAsync(repository, digest)));
                return answers.All(answer => answer.Expect(HttpStatusCode.OK, HttpStatusCode.NotFound).Status == answers[0].Status);
            });
        }
    }

    private async Task PullAsync(IReadOnlyCollection<ManifestName> images, Func<string, string, bool> isFor)
    {
        foreach (var region in cluster.Regions)
            await Parallel.ForEachAsync(
                images.Where(image => isFor(region.Id, image.Repository)),
                Parallelism,
                async (image, _) => await region.Client.PullAsync(image.Repository, image.Reference));
    }
}
