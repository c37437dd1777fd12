using System.Net;
using System.Net.Sockets;
using GeoRegistry.Cli.Up;
using GeoRegistry.TestKit;

namespace GeoRegistry.Cli.Tests.Up;

public sealed class ClusterFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Prepare_NewFolder_HasAKeyForItsOwnerAndATopologyWithAHomeForEach()
    {
        var cluster = Prepare(3);

        Assert.Equal(["eu", "us", "ap"], cluster.Regions.Select(region => region.Id));
        Assert.Equal(3, cluster.Regions.Select(region => region.PeerAddress.Port).Distinct().Count());
        Assert.DoesNotContain(cluster.Regions, region => region.IsMoved);
        Assert.Matches("^[0-9a-f]{64}\n$", File.ReadAllText(cluster.KeyFile));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(cluster.KeyFile));
        var topology = File.ReadAllText(cluster.TopologyFile);
        Assert.Contains("""{ "prefix": "", "region": "eu", "epoch": 1 }""", topology, StringComparison.Ordinal);
        Assert.Contains("""{ "prefix": "ap-team", "region": "ap", "epoch": 1 }""", topology, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(ClusterFolder.MaxRegions)]
    public void Prepare_AnyCount_CanBeReadBack(int count) => Assert.Equal(count, Prepare(count).Regions.Count);

    [Fact]
    public void Prepare_Again_KeepsAllAsItWas()
    {
        var first = Prepare(2);
        var (key, topology) = (File.ReadAllText(first.KeyFile), File.ReadAllText(first.TopologyFile));

        var again = Prepare(null);

        Assert.Equal(first.Regions, again.Regions);
        Assert.Equal((key, topology), (File.ReadAllText(again.KeyFile), File.ReadAllText(again.TopologyFile)));
    }

    /// <summary>A process that is killed while it writes leaves a draft, not half a key or half a topology.</summary>
    [Fact]
    public void Prepare_AfterAKillBetweenWriteAndName_WritesAnew()
    {
        File.WriteAllText(_folder.Child("cluster.key.new"), "12");
        File.WriteAllText(_folder.Child("topology.json.new"), "{ \"regions\": [");

        var cluster = Prepare(2);

        Assert.Equal(2, cluster.Regions.Count);
        Assert.Matches("^[0-9a-f]{64}\n$", File.ReadAllText(cluster.KeyFile));
        Assert.Empty(Directory.GetFiles(cluster.Path, "*.new"));
    }

    [Fact]
    public void Prepare_PeerPortTakenMeanwhile_MovesThatRegionOnly()
    {
        var first = Prepare(2);
        using var other = new TcpListener(IPAddress.Loopback, first.Regions[1].PeerAddress.Port);
        other.Start();

        var again = Prepare(null);

        Assert.Equal([false, true], again.Regions.Select(region => region.IsMoved));
        Assert.NotEqual(first.Regions[1].PeerAddress, again.Regions[1].PeerAddress);
    }

    [Fact]
    public void Prepare_AnotherCountThanThereIs_IsAFaultWithItsRemedy()
    {
        Prepare(2);

        Assert.Null(ClusterFolder.Prepare(_folder.Path, 3, out var fault));
        Assert.Contains("has 2 regions (eu, us), not 3: leave out --regions", fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("""{ "regions": [] }""")]
    [InlineData("""{ "regions": [ { "id": "eu" } ] }""")]
    [InlineData("""{ "regions": [ { "id": "eu", "peer": "somewhere" } ] }""")]
    public void Prepare_TopologyThatIsNone_IsAFault(string text)
    {
        File.WriteAllText(_folder.Child("topology.json"), text);

        Assert.Null(ClusterFolder.Prepare(_folder.Path, null, out var fault));
        Assert.Contains("topology.json", fault, StringComparison.Ordinal);
    }

    private ClusterFolder Prepare(int? count)
    {
        var cluster = ClusterFolder.Prepare(_folder.Path, count, out var fault);
        Assert.Equal("", fault);
        return cluster!;
    }
}
