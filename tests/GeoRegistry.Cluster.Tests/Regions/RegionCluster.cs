using System.Net;
using GeoRegistry.Cluster.Tests.Links;
using GeoRegistry.TestKit;

namespace GeoRegistry.Cluster.Tests.Regions;

/// <summary>Several regions as real server processes, with a link between each two of them.</summary>
internal sealed class RegionCluster : IAsyncDisposable
{
    /// <summary>How long it may take until all that a run left is copied, or looked at.</summary>
    public static readonly TimeSpan ConvergenceTimeout = TimeSpan.FromMinutes(LongTests.AreOn ? 10 : 3);

    private readonly ClusterFiles _files;
    private readonly Dictionary<(string, string), Link> _links = [];
    private readonly Dictionary<string, ClusterRegion> _regions = [];

    private RegionCluster(ClusterPlan plan)
    {
        _files = new ClusterFiles(plan);
        Networks = plan.NetworkBitsPerSecond is { } bitsPerSecond ? new RegionNetworks(plan.Regions, bitsPerSecond) : null;
        foreach (var (first, second) in Pairs(plan.Regions)) _links[(first, second)] = new Link(plan.Link, NearTo(first), NearTo(second));
        foreach (var id in plan.Regions)
        {
            var region = new ClusterRegion(
                id,
                plan,
                _files,
                Networks,
                [.. plan.Regions.Where(other => other != id).Select(other => (other, Relay(id, other).Address))]);
            _regions[id] = region;
            foreach (var other in plan.Regions.Where(other => other != id)) Relay(other, id).Target = region.PeerEndPoint;
        }
    }

    public IEnumerable<ClusterRegion> Regions => _regions.Values;

    /// <summary>The document that all regions read.</summary>
    public string Topology
    {
        get => _files.Topology;
        set => _files.Topology = value;
    }

    public IEnumerable<Link> Links => _links.Values;

    /// <summary>The regions' own networks, where the plan has them.</summary>
    public RegionNetworks? Networks { get; }

    public bool IsWhole => Regions.All(region => region.IsUp) && Links.All(link => !link.IsCut);

    public ClusterRegion this[string region] => _regions[region];

    /// <summary>Starts the regions.</summary>
    /// <param name="plan">What is to be; null for three regions that are homes all and far from each other.</param>
    /// <param name="without">Regions of the plan that do not start yet.</param>
    public static async Task<RegionCluster> StartAsync(ClusterPlan? plan = null, params string[] without)
    {
        var cluster = new RegionCluster(plan ?? new ClusterPlan());
        try
        {
            await Task.WhenAll(cluster.Regions.Where(region => !without.Contains(region.Id)).Select(region => region.StartAsync()));
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public Link Link(string a, string b) => _links.TryGetValue((a, b), out var link) ? link : _links[(b, a)];

    /// <summary>What a region has sent to another.</summary>
    public LinkDirection Direction(string from, string to) =>
        _links.TryGetValue((from, to), out var link) ? link.There : _links[(to, from)].Back;

    public void Cut(string a, string b, CutMode mode = CutMode.Silent) => Link(a, b).Cut(mode);

    public void Heal(string a, string b) => Link(a, b).Heal();

    /// <summary>Cuts every link of a region.</summary>
    public void CutOff(string region, CutMode mode = CutMode.Silent)
    {
        foreach (var link in LinksOf(region)) link.Cut(mode);
    }

    /// <summary>Heals every link of a region.</summary>
    public void Rejoin(string region)
    {
        foreach (var link in LinksOf(region)) link.Heal();
    }

    public void HealAll()
    {
        foreach (var link in Links) link.Heal();
    }

    /// <summary>Replaces the topology that the regions read.</summary>
    public void ChangeTopology(int version, IReadOnlyList<PlannedPolicy> policies, IReadOnlyList<PlannedHome>? homes = null) =>
        _files.WriteTopology(version, policies, homes);

    /// <summary>Ends when every region has all that every other has committed, with all its blobs.</summary>
    public async Task WaitUntilConvergedAsync()
    {
        var last = "nothing was asked";
        try
        {
            await Waiting.UntilAsync(
                "every region has all of every other", async () => (last = await FindDifferenceAsync()) is null, ConvergenceTimeout);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message} {last}\n{Tails()}", e);
        }
    }

    /// <summary>Stops all that run.</summary>
    public Task StopAsync() => Task.WhenAll(Regions.Where(region => region.IsUp).Select(region => region.StopAsync()));

    /// <summary>Starts all that do not run.</summary>
    public Task StartAllAsync() => Task.WhenAll(Regions.Where(region => !region.IsUp).Select(region => region.StartAsync()));

    /// <summary>The last lines that each region wrote, for failures.</summary>
    public string Tails() =>
        string.Join('\n', Regions.Select(region => $"--- {region.Id}\n{string.Join('\n', region.Output.Split('\n').TakeLast(30))}"));

    public async ValueTask DisposeAsync()
    {
        foreach (var region in Regions) await region.DisposeAsync();
        foreach (var link in Links) link.Dispose();
        Networks?.Dispose();
        _files.Dispose();
    }

    private IPAddress NearTo(string region) => Networks?.GatewayOf(region) ?? IPAddress.Loopback;

    private LinkRelay Relay(string from, string to) =>
        _links.TryGetValue((from, to), out var link) ? link.Dialled : _links[(to, from)].DialledBack;

    private IEnumerable<Link> LinksOf(string region) =>
        _links.Where(link => link.Key.Item1 == region || link.Key.Item2 == region).Select(link => link.Value);

    // What a region has committed is asked before what others have applied: equal then means all.
    private async Task<string?> FindDifferenceAsync()
    {
        try
        {
            var feeds = await Task.WhenAll(Regions.Select(region => region.ReplicationAsync()));
            foreach (var replica in await Task.WhenAll(Regions.Select(region => region.ReplicationAsync())))
            {
                foreach (var feed in feeds.Where(feed => feed.Region != replica.Region))
                {
                    var source = replica.From(feed.Region);
                    if (!source.IsComplete || source.Applied < feed.Feed)
                        return $"{replica.Region} of {feed.Region}'s {feed.Feed} commits: {source}";
                }
            }

            return null;
        }
        catch (HttpRequestException e)
        {
            return e.Message;
        }
    }

    private static IEnumerable<(string, string)> Pairs(IReadOnlyList<string> regions) =>
        from first in Enumerable.Range(0, regions.Count)
        from second in Enumerable.Range(first + 1, regions.Count - first - 1)
        select (regions[first], regions[second]);
}
