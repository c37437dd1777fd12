using GeoRegistry.Regions.Control;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Regions.Tests.Control;

public sealed class FileRegionLeasesTests : RegionLeasesContract, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    protected override async Task<IRegionLeases> OpenAsync()
    {
        var store = new FileControlStore(_folder.Child("topology.json"), TimeProvider.System);
        if (!File.Exists(_folder.Child("topology.json"))) await store.TryReplaceAsync(0, SampleTopology.Of(1));
        return store;
    }

    protected override Task ChangeTopologyAsync() =>
        new FileControlStore(_folder.Child("topology.json"), TimeProvider.System).TryReplaceAsync(1, SampleTopology.Of(2));
}
