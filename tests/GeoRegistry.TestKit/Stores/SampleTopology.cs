using System.Text;
using GeoRegistry.Regions.Topologies;

namespace GeoRegistry.TestKit.Stores;

/// <summary>Topologies of two regions that can be told apart by a mark.</summary>
public static class SampleTopology
{
    /// <summary>A topology with a version and a mark.</summary>
    public static Topology Of(long version, string mark = "team") => TopologyReader.Read(
        Encoding.UTF8.GetBytes(
            $$"""
            {
              "version": {{version}},
              "regions": [{ "id": "eu", "peer": "http://127.0.0.1:1" }, { "id": "us", "peer": "http://127.0.0.1:2" }],
              "homes": [{ "prefix": "", "region": "eu" }],
              "policies": [{ "prefix": "{{mark}}", "hydration": "lazy" }]
            }
            """),
        out var faults) ?? throw new InvalidDataException(string.Join("; ", faults));

    /// <summary>The mark of a topology.</summary>
    public static string MarkOf(Topology topology) => topology.Policies.Single().Prefix;
}
