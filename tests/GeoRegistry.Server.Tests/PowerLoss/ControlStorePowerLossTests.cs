using System.Text;
using GeoRegistry.Regions.Control;
using GeoRegistry.Regions.Topologies;
using GeoRegistry.TestKit;

namespace GeoRegistry.Server.Tests.PowerLoss;

/// <summary>A topology that was agreed on is not taken back by a power loss: the regions would disagree on the homes.</summary>
public sealed class ControlStorePowerLossTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task TryReplaceAsync_PowerFailsAfterwards_LeavesTheNewTopology()
    {
        await Strace.AssertWorksAsync();
        var root = Directory.CreateDirectory(_folder.Child("disk")).FullName;
        var control = new FileControlStore(Path.Combine(root, "topology.json"), TimeProvider.System);
        var disk = new RecordedDisk(root);

        for (var version = 1; version <= 2; version++)
        {
            var next = Of(version);
            var steps = await Strace.RecordAsync(
                _folder.Child($"{version}.trace"), async () => Assert.True(await control.TryReplaceAsync(version - 1, next)));
            foreach (var step in steps) disk.Apply(step);

            disk.AssertIsReal();
            disk.AfterPowerLoss().WriteTo(_folder.Child($"after{version}"));
            var kept = await new FileControlStore(_folder.Child($"after{version}/topology.json"), TimeProvider.System).ReadAsync();
            Assert.Equal(version, kept.Version);
        }
    }

    public void Dispose() => _folder.Dispose();

    private static Topology Of(long version)
    {
        var json = $$"""{"version":{{version}},"regions":[{"id":"eu","peer":"http://127.0.0.1:6001"}]"""
            + ""","homes":[{"prefix":"","region":"eu"}],"policies":[]}""";
        return TopologyReader.Read(Encoding.UTF8.GetBytes(json), out var faults)
            ?? throw new InvalidDataException(string.Join("; ", faults));
    }
}
