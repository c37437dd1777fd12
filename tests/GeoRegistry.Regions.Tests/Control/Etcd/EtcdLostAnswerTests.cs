using GeoRegistry.Regions.Control;
using GeoRegistry.Regions.Control.Etcd;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Regions.Tests.Control.Etcd;

/// <summary>The topology is replaced, and the answer to it lost: connections are cut after the request was carried out.</summary>
public sealed class EtcdLostAnswerTests : IClassFixture<ThreeMembers>, IAsyncLifetime
{
    private readonly EtcdProxy _proxy;
    private readonly EtcdControlStore _store, _direct;

    public EtcdLostAnswerTests(ThreeMembers members)
    {
        _proxy = new EtcdProxy(members.Cluster.Members[0].Port);
        var options = members.OptionsOfATest(_proxy.Address);
        (_store, _direct) = (ThreeMembers.Open(options), ThreeMembers.Open(ThreeMembers.At(members.Cluster.Endpoints, options)));
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _store.Dispose();
        _direct.Dispose();
        await _proxy.DisposeAsync();
    }

    [Fact]
    public async Task TryReplaceAsync_AnswerIsLost_FindsItsOwnDocument()
    {
        await _direct.TryReplaceAsync(0, SampleTopology.Of(1));
        var lost = _proxy.LoseAnswerTo(EtcdProxy.Txn);

        var replacing = _store.TryReplaceAsync(1, SampleTopology.Of(2, "mine"));
        await lost.Arrived.OrFail("the transaction is sent");
        await UntilVersionAsync(2);
        _proxy.CutAll();

        Assert.True(await replacing);
        Assert.Equal("mine", SampleTopology.MarkOf(await _direct.ReadAsync()));
    }

    [Fact]
    public async Task TryReplaceAsync_RequestIsLostAndAnotherWins_IsRefused()
    {
        await _direct.TryReplaceAsync(0, SampleTopology.Of(1));
        var held = _proxy.Hold(EtcdProxy.Txn);

        var replacing = _store.TryReplaceAsync(1, SampleTopology.Of(2, "mine"));
        await held.Arrived.OrFail("the transaction is sent");
        await _direct.TryReplaceAsync(1, SampleTopology.Of(2, "other"));
        _proxy.CutAll();

        Assert.False(await replacing);
    }

    /// <summary>Between the lost answer and the repetition another replaces what was written: neither yes nor no would be true.</summary>
    [Fact]
    public async Task TryReplaceAsync_AnswerIsLostAndTheNextVersionIsThere_SaysThatItIsNotKnown()
    {
        await _direct.TryReplaceAsync(0, SampleTopology.Of(1));
        var lost = _proxy.LoseAnswerTo(EtcdProxy.Txn);

        var replacing = _store.TryReplaceAsync(1, SampleTopology.Of(2, "mine"));
        await lost.Arrived.OrFail("the transaction is sent");
        await UntilVersionAsync(2);
        await _direct.TryReplaceAsync(2, SampleTopology.Of(3, "other"));
        _proxy.CutAll();

        var fault = await Assert.ThrowsAsync<ControlStoreUnavailableException>(() => replacing);
        Assert.Contains("not known whether version 2", fault.Message, StringComparison.Ordinal);
    }

    private Task UntilVersionAsync(long version) => Waiting.UntilAsync(
        $"etcd has version {version}", async () => (await _direct.ReadAsync()).Version == version);
}
