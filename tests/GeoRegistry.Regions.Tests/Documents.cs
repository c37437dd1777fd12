using System.Text;
using GeoRegistry.Regions.Topologies;

namespace GeoRegistry.Regions.Tests;

/// <summary>Topologies as people write them.</summary>
internal static class Documents
{
    public const string Regions = """
        [{"id":"eu","peer":"http://127.0.0.1:6001"},{"id":"us","peer":"http://127.0.0.1:6002"},{"id":"ap","peer":"http://127.0.0.1:6003"}]
        """;

    public const string Homes = """[{"prefix":"","region":"eu"}]""";

    /// <summary>A document with some parts of its own.</summary>
    public static string Of(string version = "1", string regions = Regions, string homes = Homes, string policies = "[]") =>
        $$"""{"version":{{version}},"regions":{{regions}},"homes":{{homes}},"policies":{{policies}}}""";

    public static Topology Read(string json) =>
        TopologyReader.Read(Encoding.UTF8.GetBytes(json), out var faults) ?? throw new InvalidDataException(string.Join("; ", faults));

    public static IReadOnlyList<string> FaultsOf(string json)
    {
        var topology = TopologyReader.Read(Encoding.UTF8.GetBytes(json), out var faults);
        Assert.Equal(faults.Count > 0, topology is null);
        return faults;
    }
}
