using GeoRegistry.Regions.Control;
using GeoRegistry.Regions.Control.Etcd;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Regions.Tests.Control.Etcd;

public sealed class EtcdRegionLeasesTests(ThreeMembers etcd) : RegionLeasesContract, IClassFixture<ThreeMembers>, IDisposable
{
    private readonly EtcdOptions _options = etcd.OptionsOfATest();
    private readonly List<EtcdControlStore> _stores = [];

    public void Dispose() => _stores.ForEach(store => store.Dispose());

    protected override async Task<IRegionLeases> OpenAsync()
    {
        _stores.Add(ThreeMembers.Open(_options));
        if (_stores.Count == 1) await _stores[0].TryReplaceAsync(0, SampleTopology.Of(1));
        return _stores[^1];
    }

    protected override Task ChangeTopologyAsync() => _stores[0].TryReplaceAsync(1, SampleTopology.Of(2));
}
