using System.Security.Cryptography;
using GeoRegistry.Regions.Topologies;
using GeoRegistry.TestKit;

namespace GeoRegistry.Server.Tests.Configuration;

/// <summary>
/// The files of cluster-config/three-regions, and on this machine those that they name: a key, an authority, a
/// certificate of it for loopback.
/// </summary>
internal sealed class ThreeRegionsFiles : IDisposable
{
    private static readonly string Folder = Path.Combine(SourceTree.Root, "cluster-config", "three-regions");

    private readonly TemporaryFolder _folder = new();

    public ThreeRegionsFiles()
    {
        File.WriteAllText(_folder.Child("cluster.key"), RandomNumberGenerator.GetHexString(64));
        File.Copy(TopologyFile, _folder.Child("topology.json"));
        using var authority = new TestAuthority(_folder.Path, "peers-ca");
        authority.Issue("tls");
    }

    /// <summary>The configuration, as it is in the repository.</summary>
    public static string Configuration { get; } = Path.Combine(Folder, "georegistry.json");

    private static string TopologyFile => Path.Combine(Folder, "topology.json");

    /// <summary>The keys that name files, with those of this machine.</summary>
    public IReadOnlyDictionary<string, string?> Keys => new Dictionary<string, string?>
    {
        ["GeoRegistry:Topology"] = _folder.Child("topology.json"),
        ["GeoRegistry:Peer:KeyFile"] = _folder.Child("cluster.key"),
        ["GeoRegistry:Peer:Authority"] = _folder.Child("peers-ca.crt"),
        ["Kestrel:Certificates:Default:Path"] = _folder.Child("tls.crt"),
        ["Kestrel:Certificates:Default:KeyPath"] = _folder.Child("tls.key"),
    };

    /// <summary>The topology, as it is in the repository.</summary>
    public static Topology ReadTopology()
    {
        var topology = TopologyReader.Read(File.ReadAllBytes(TopologyFile), out var faults);
        Assert.Empty(faults);
        return topology!;
    }

    /// <summary>Gives regions other addresses in this machine's topology, and changes nothing else of it.</summary>
    public void Move(IEnumerable<(Region Region, Uri Peer)> moves)
    {
        var text = File.ReadAllText(TopologyFile);
        foreach (var (region, peer) in moves)
        {
            var (before, after) = (region.Peer.GetLeftPart(UriPartial.Authority), peer.GetLeftPart(UriPartial.Authority));
            Assert.Contains(before, text, StringComparison.Ordinal);
            text = text.Replace(before, after, StringComparison.Ordinal);
        }

        File.WriteAllText(_folder.Child("topology.json"), text);
    }

    /// <summary>A region's folder for its data.</summary>
    public string DataOf(string region) => _folder.Child(region);

    public void Dispose() => _folder.Dispose();
}
