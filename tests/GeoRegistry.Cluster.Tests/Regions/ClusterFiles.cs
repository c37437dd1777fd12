using System.Text.Json;
using System.Text.Json.Serialization;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Cluster.Tests.Regions;

/// <summary>The files that all regions of a cluster read, and the folders that each has for itself.</summary>
internal sealed class ClusterFiles : IDisposable
{
    /// <summary>The cluster's key.</summary>
    public const string Key = "the key of a cluster that lives for one test only";

    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    private readonly TemporaryFolder _folder = new();
    private readonly ClusterPlan _plan;

    public ClusterFiles(ClusterPlan plan)
    {
        _plan = plan;
        File.WriteAllText(KeyFile, Key);
        WriteTopology(version: 1, plan.Policies);
    }

    public string TopologyFile => _folder.Child("topology.json");

    /// <summary>Where servers find the topology: in the file, or in etcd.</summary>
    public IEnumerable<string> TopologyArguments => _plan.Etcd is { } etcd ? ["--etcd", etcd]
        : ProductionStores.AreOn ? ["--etcd", Stores.Etcd.Endpoints, "--GeoRegistry:Etcd:Prefix", Prefix]
        : ["--topology", TopologyFile];

    /// <summary>The document that all regions read.</summary>
    public string Topology
    {
        get => File.ReadAllText(TopologyFile);

        // At once as an operator's tools do: by a rename.
        set
        {
            var draft = _folder.Child("topology.json.new");
            File.WriteAllText(draft, value);
            File.Move(draft, TopologyFile, overwrite: true);
            if (ProductionStores.AreOn) Stores.Etcd.ControlAsync("put", $"{Prefix}/topology", value).GetAwaiter().GetResult();
        }
    }

    public string KeyFile => _folder.Child("key");

    public string DataOf(string region) => _plan.DataFolder?.Invoke(region) ?? _folder.Child(region);

    /// <summary>Writes the topology.</summary>
    public void WriteTopology(int version, IReadOnlyList<PlannedPolicy> policies, IReadOnlyList<PlannedHome>? homes = null) =>
        Topology = JsonSerializer.Serialize(
            new
            {
                version,
                // Nobody is there: regions must take the addresses of their own options, which lead over links.
                regions = _plan.Regions.Select((id, index) => new { id, peer = $"http://127.0.0.1:{index + 1}" }),
                homes = homes ?? _plan.Homes,
                policies,
            },
            Format);

    private static ProductionStores Stores => ProductionStores.GetAsync().GetAwaiter().GetResult();

    private string Prefix => $"/{ProductionStores.NameOf(_folder.Path)}";

    public void Dispose() => _folder.Dispose();
}
