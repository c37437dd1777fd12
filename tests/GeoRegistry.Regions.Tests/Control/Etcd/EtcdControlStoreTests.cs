using GeoRegistry.Regions.Control;
using GeoRegistry.Regions.Control.Etcd;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Regions.Tests.Control.Etcd;

/// <summary>The contract of control stores on etcd, and what only etcd has.</summary>
public sealed class EtcdControlStoreTests(ThreeMembers etcd) : ControlStoreContract, IClassFixture<ThreeMembers>, IDisposable
{
    private readonly EtcdOptions _options = etcd.OptionsOfATest();
    private readonly List<EtcdControlStore> _stores = [];

    public void Dispose() => _stores.ForEach(store => store.Dispose());

    [Fact]
    public async Task ReadAsync_BrokenDocument_TellsTheKeyAndEveryFaultAndIsNotOverwritten()
    {
        await etcd.Cluster.ControlAsync("put", $"{_options.Prefix}/topology", Documents.Of("0", homes: "[]"));

        var fault = await Assert.ThrowsAsync<InvalidDataException>(() => Open().ReadAsync());

        Assert.Contains($"{_options.Prefix}/topology of etcd", fault.Message, StringComparison.Ordinal);
        Assert.Contains("\n  version is 0", fault.Message, StringComparison.Ordinal);
        Assert.Contains("\n  homes lacks", fault.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InvalidDataException>(() => Open().TryReplaceAsync(0, SampleTopology.Of(1)));
    }

    [Fact]
    public async Task WatchAsync_TopologyIsDeleted_EndsAndSaysSo()
    {
        await Open().TryReplaceAsync(0, SampleTopology.Of(1));
        await using var watch = Open().WatchAsync().GetAsyncEnumerator();
        await watch.MoveNextAsync();

        var next = watch.MoveNextAsync().AsTask();
        await etcd.Cluster.ControlAsync("del", $"{_options.Prefix}/topology");

        await Assert.ThrowsAsync<InvalidDataException>(() => next);
    }

    protected override IControlStore Open()
    {
        lock (_stores)
        {
            _stores.Add(ThreeMembers.Open(_options));
            return _stores[^1];
        }
    }
}
