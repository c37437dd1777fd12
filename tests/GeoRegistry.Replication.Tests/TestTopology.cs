using System.Text;
using GeoRegistry.Ledgers;
using GeoRegistry.Regions.Control;
using GeoRegistry.Regions.Topologies;

namespace GeoRegistry.Replication.Tests;

/// <summary>Topologies of a few regions, the first of which is the home of everything.</summary>
internal static class TestTopology
{
    public static readonly RegionId Eu = RegionId.Parse("eu"), Us = RegionId.Parse("us"), Ap = RegionId.Parse("ap");

    public static Topology Of(params IReadOnlyList<RegionId> regions) =>
        Of(regions.Select((region, i) => (region, $"http://127.0.0.1:{6000 + i}")), "[]");

    public static Topology Of(IEnumerable<(RegionId Id, string Peer)> regions, string policies, int version = 1)
    {
        var list = regions.ToList();
        var entries = string.Join(",", list.Select(region => $$"""{"id":"{{region.Id}}","peer":"{{region.Peer}}"}"""));
        var json = $$"""{"version":{{version}},"regions":[{{entries}}],"homes":[{"prefix":"","region":"{{list[0].Id}}","epoch":1}]"""
            + $$""","policies":{{policies}}}""";
        return TopologyReader.Read(Encoding.UTF8.GetBytes(json), out var faults)
            ?? throw new InvalidDataException(string.Join("; ", faults));
    }

    public static RegionMap Map(RegionId self) => new(self, Of(Eu, Us, Ap));
}
