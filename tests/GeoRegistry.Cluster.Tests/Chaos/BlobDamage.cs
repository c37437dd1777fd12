using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.TestKit;

namespace GeoRegistry.Cluster.Tests.Chaos;

/// <summary>Flips bits of blobs on regions' disks: of each blob in one region only, so that the others can repair it.</summary>
internal sealed class BlobDamage(RegionCluster cluster)
{
    private readonly Dictionary<string, ClusterRegion> _damaged = [];

    public int Count => _damaged.Count;

    /// <summary>Damages some blobs of a region that all regions have.</summary>
    /// <param name="region">The region.</param>
    /// <param name="random">Chance.</param>
    /// <param name="among">The blobs to choose from; null for all that the region has.</param>
    /// <returns>How many.</returns>
    public int Damage(ClusterRegion region, Random random, IEnumerable<string>? among = null)
    {
        var candidates = (among ?? region.Blobs.List())
            .Where(digest => !_damaged.ContainsKey(digest) && cluster.Regions.All(one => one.Blobs.Has(digest)))
            .Order()
            .ToArray();
        random.Shuffle(candidates);
        var chosen = candidates.Take(random.Next(1, 6)).ToList();
        foreach (var digest in chosen)
        {
            region.Blobs.FlipOneBit(digest, random);
            _damaged[digest] = region;
        }

        return chosen.Count;
    }

    /// <summary>Has all regions verify all that they have; they find nothing but what was damaged, and repair it.</summary>
    public async Task VerifyAsync()
    {
        var asked = await cluster.Regions.First().Client.PostAsync<VerificationAnswer>("/api/v1/replication/verify?repair=true");
        var states = asked.Regions;
        try
        {
            await Waiting.UntilAsync(
                "every region has verified all that it has",
                async () => (states = await AskAsync()).All(
                    region => region.Completed >= asked.Regions.Single(row => row.Region == region.Region).Requested),
                RegionCluster.ConvergenceTimeout);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message} {string.Join(", ", states)}", e);
        }

        var wrong = states
            .SelectMany(region => region.Findings.Where(finding => _damaged.GetValueOrDefault(finding.Name)?.Id != region.Region))
            .ToList();
        Assert.True(wrong.Count == 0, $"Verification found what nobody damaged: {string.Join(", ", wrong)}");
        var alarms = cluster.Regions
            .SelectMany(region => region.Output.Split('\n').Where(IsAlarmOfMetadata).Select(line => $"{region.Id}: {line.Trim()}"))
            .ToList();
        Assert.True(alarms.Count == 0, $"Metadata was found damaged that nobody damaged:\n{string.Join('\n', alarms)}");
        await Waiting.UntilAsync("what was damaged is whole again, or gone where nobody wants it", () =>
            Task.FromResult(_damaged.All(blob => !blob.Value.Blobs.Has(blob.Key) || blob.Value.Blobs.IsWhole(blob.Key))));
    }

    private static bool IsAlarmOfMetadata(string line) => line.Contains("The repository:", StringComparison.Ordinal)
        ? line.Contains(" is damaged: ", StringComparison.Ordinal) || line.Contains(" differs from that of ", StringComparison.Ordinal)
        : line.Contains("The row of the feed of ", StringComparison.Ordinal);

    private async Task<IReadOnlyList<RegionVerification>> AskAsync() =>
        (await cluster.Regions.First().Client.GetJsonAsync<VerificationAnswer>("/api/v1/replication/verify")).Regions;
}
