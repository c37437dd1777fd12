using System.Security.Cryptography;
using System.Text;

namespace GeoRegistry.Cli.Up;

/// <summary>The folder of a cluster on this machine: its topology, its key, and a folder of data for each region.</summary>
/// <remarks>
/// <code>
/// DIR/topology.json    the regions and their homes; written once, kept as it was changed
/// DIR/cluster.key      what regions know each other by; only its owner may read it
/// DIR/eu/              a region's data
/// DIR/eu.log           what its process said
/// DIR/entrance.log
/// </code>
/// </remarks>
internal sealed class ClusterFolder
{
    public const int MaxRegions = 9, DefaultRegions = 3;

    private const int KeyBytes = 32;

    private ClusterFolder(string path, IReadOnlyList<LocalRegion> regions) => (Path, Regions) = (path, regions);

    /// <summary>The ids of regions in the order in which they are used.</summary>
    public static IReadOnlyList<string> RegionIds { get; } = ["eu", "us", "ap", "sa", "af", "au", "ca", "me", "in"];

    /// <summary>The folder's full path.</summary>
    public string Path { get; }

    /// <summary>The regions of the topology.</summary>
    public IReadOnlyList<LocalRegion> Regions { get; }

    public string TopologyFile => System.IO.Path.Combine(Path, "topology.json");

    public string KeyFile => System.IO.Path.Combine(Path, "cluster.key");

    /// <summary>The file that a process's output goes to.</summary>
    public string LogOf(string process) => System.IO.Path.Combine(Path, $"{process}.log");

    /// <summary>Makes what is missing, and reads what is there.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="count">How many regions it is to have; null for as many as it has, or <see cref="DefaultRegions"/> in a new
    /// one.</param>
    /// <param name="fault">Why it cannot be used, with the remedy, where the result is null.</param>
    public static ClusterFolder? Prepare(string path, int? count, out string fault)
    {
        fault = "";
        path = System.IO.Path.GetFullPath(path);
        Directory.CreateDirectory(path);
        var empty = new ClusterFolder(path, []);
        if (!File.Exists(empty.KeyFile)) WriteKey(empty.KeyFile);
        if (!File.Exists(empty.TopologyFile)) WriteTopology(empty.TopologyFile, count ?? DefaultRegions);
        if (LocalTopology.Read(empty.TopologyFile, out fault) is not { } topology) return null;
        if (count is not null && count != topology.Count)
        {
            fault = $"{empty.TopologyFile} has {topology.Count} regions ({string.Join(", ", topology.Select(region => region.Id))}), "
                + $"not {count}: leave out --regions, or choose another folder with --data.";
            return null;
        }

        return new ClusterFolder(path, AssignPorts(topology, path));
    }

    private static void WriteKey(string file) =>
        WriteOnce(
            file,
            UnixFileMode.UserRead | UnixFileMode.UserWrite,
            Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(KeyBytes)) + "\n");

    private static void WriteTopology(string file, int count)
    {
        var ports = new List<int>();
        for (var i = 0; i < count; i++) ports.Add(Ports.ChooseFree(ports));
        WriteOnce(
            file,
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead,
            LocalTopology.Write([.. RegionIds.Take(count).Zip(ports, (id, port) => (id, Loopback(port)))]));
    }

    /// <summary>Writes a file that is there whole or not at all, whenever the process or the machine ends.</summary>
    /// <remarks>
    /// The regions put its name on disk: each syncs this folder when it makes its own in it, before it keeps anything of what the file
    /// says.
    /// </remarks>
    private static void WriteOnce(string file, UnixFileMode mode, string text)
    {
        var draft = file + ".new";
        File.Delete(draft); // Of a process that was killed.
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = mode;
        using (var writing = new FileStream(draft, options))
        {
            writing.Write(Encoding.UTF8.GetBytes(text));
            writing.Flush(flushToDisk: true);
        }

        File.Move(draft, file);
    }

    /// <summary>Lets each region listen where the topology says, or on another port where that one is taken now.</summary>
    private static List<LocalRegion> AssignPorts(IReadOnlyList<(string Id, Uri Peer)> topology, string path)
    {
        var ports = topology.Select(region => region.Peer.Port).ToList();
        var regions = new List<LocalRegion>();
        foreach (var (id, peer) in topology)
        {
            var listen = peer;
            if (!peer.IsLoopback || !Ports.IsFree(peer.Port))
            {
                ports.Add(Ports.ChooseFree(ports));
                listen = Loopback(ports[^1]);
            }

            regions.Add(new LocalRegion(id, System.IO.Path.Combine(path, id), listen, listen != peer));
        }

        return regions;
    }

    private static Uri Loopback(int port) => new($"http://127.0.0.1:{port}");
}

/// <summary>A region of a cluster on this machine.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Data">The folder of its data.</param>
/// <param name="PeerAddress">Where the other regions reach it now.</param>
/// <param name="IsMoved">Whether that is elsewhere than the topology says.</param>
internal sealed record LocalRegion(string Id, string Data, Uri PeerAddress, bool IsMoved);
