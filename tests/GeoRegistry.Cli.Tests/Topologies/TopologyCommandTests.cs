using GeoRegistry.Regions.Topologies;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Etcd;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Cli.Tests.Topologies;

/// <summary>Puts and shows topologies in a real etcd.</summary>
public sealed class TopologyCommandTests(TopologyCommandTests.OneMember etcd) : IClassFixture<TopologyCommandTests.OneMember>, IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _prefix = etcd.NextPrefix();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Put_FirstAndNext_AreShown()
    {
        var first = await PutAsync(SampleTopology.Of(1));
        Assert.Equal(["Version 1 of the topology is in etcd."], first.Lines);
        var next = await PutAsync(SampleTopology.Of(3, "other"), "--output", "json");
        Assert.Equal("""{"version":3,"replaced":1}""", next.Output.TrimEnd());

        var table = await RunAsync("show");
        Assert.Equal(
            [
                "version 3", "REGION PEER INCARNATION", "eu http://127.0.0.1:1 -", "us http://127.0.0.1:2 -",
                "PREFIX HOME EPOCH", "'' eu 1", "PREFIX REGIONS HYDRATION DURABILITY READS", "'other' eu us lazy local nearest",
            ],
            table.Lines);
        Assert.Equal(TopologyReader.Write(SampleTopology.Of(3, "other")), System.Text.Encoding.UTF8.GetBytes(
            (await RunAsync("show", "--output", "json")).Output.TrimEnd()));
        Assert.All([first, next, table], run => Assert.Equal((ExitCode.Done, ""), (run.ExitCode, run.Error)));
    }

    [Fact]
    public async Task Put_NotAHigherVersion_WritesNothing()
    {
        await PutAsync(SampleTopology.Of(2));

        foreach (var late in new[] { SampleTopology.Of(2, "other"), SampleTopology.Of(1) })
        {
            var run = await PutAsync(late);
            Assert.Equal(ExitCode.Failed, run.ExitCode);
            Assert.StartsWith("Nothing was written: ", run.Error, StringComparison.Ordinal);
        }

        Assert.Equal(ExitCode.Done, (await PutAsync(SampleTopology.Of(2))).ExitCode); // It is there already.
        Assert.Contains("'team'", (await RunAsync("show")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Put_AnotherHome_NeedsAHigherEpochAndRegionsThatAreStopped()
    {
        await PutAsync(SampleTopology.Of(1));
        var file = _folder.Child("moved.json");
        var moved = System.Text.Encoding.UTF8.GetString(TopologyReader.Write(SampleTopology.Of(2)))
            .Replace("\"region\": \"eu\"", "\"region\": \"us\"", StringComparison.Ordinal);
        await File.WriteAllTextAsync(file, moved);
        var refused = await RunAsync("put", file, "--regions-are-stopped");
        Assert.Contains("what only eu has would be lost", refused.Error, StringComparison.Ordinal);

        await File.WriteAllTextAsync(file, moved.Replace("\"epoch\": 1", "\"epoch\": 2", StringComparison.Ordinal));
        Assert.Contains("cannot be done while regions run", (await RunAsync("put", file)).Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Done, (await RunAsync("put", file, "--regions-are-stopped")).ExitCode);
    }

    [Fact]
    public async Task Put_FileWithFaults_TellsAllOfThem()
    {
        await File.WriteAllTextAsync(_folder.Child("bad.json"), """{ "version": 0, "regions": [], "homes": [] }""");

        var run = await RunAsync("put", _folder.Child("bad.json"));

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("version is 0", run.Error, StringComparison.Ordinal);
        Assert.Contains("homes lacks", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_NothingIsThere_SaysHowToPutOne()
    {
        var run = await RunAsync("show");

        Assert.Equal((ExitCode.Failed, ""), (run.ExitCode, run.Output));
        Assert.Contains("georegistry topology put FILE", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_NobodyListens_FailsAndSaysWho()
    {
        var run = await Cli.RunAsync("topology", "show", "--etcd", $"http://127.0.0.1:{FreePorts.Take()}", "--etcd-timeout", "1s");

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("connection refused", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Options_WithFaults_AreAllReportedAtOnce()
    {
        var run = await Cli.RunAsync(
            "topology", "show", "--etcd", "here", "--etcd-prefix", "x/", "--etcd-user", "me", "--etcd-timeout", "5m");

        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains("--etcd-timeout: ", run.Error, StringComparison.Ordinal);
        Assert.Contains("--etcd: 'here' is not a member", run.Error, StringComparison.Ordinal);
        Assert.Contains("--etcd-prefix: 'x/'", run.Error, StringComparison.Ordinal);
        Assert.Contains("--etcd-password-file: the user me has no password", run.Error, StringComparison.Ordinal);
    }

    private async Task<Cli> PutAsync(Topology topology, params string[] arguments)
    {
        var file = _folder.Child("topology.json");
        await File.WriteAllBytesAsync(file, TopologyReader.Write(topology));
        return await RunAsync(["put", file, .. arguments]);
    }

    private Task<Cli> RunAsync(params string[] arguments) =>
        Cli.RunAsync(["topology", .. arguments, "--etcd", etcd.Cluster.Endpoints, "--etcd-prefix", _prefix]);

    /// <summary>A cluster of one member.</summary>
    public sealed class OneMember : IAsyncLifetime
    {
        private int _prefixes;

        public EtcdCluster Cluster { get; private set; } = null!;

        public string NextPrefix() => $"/test-{Interlocked.Increment(ref _prefixes)}";

        public async Task InitializeAsync() => Cluster = await EtcdCluster.StartAsync(members: 1);

        public async Task DisposeAsync() => await Cluster.DisposeAsync();
    }
}
