using System.Collections.Concurrent;
using System.Diagnostics;
using GeoRegistry.Regions.Control;
using GeoRegistry.Regions.Control.Etcd;
using GeoRegistry.Regions.Topologies;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Etcd;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Regions.Tests.Control.Etcd;

/// <summary>Members of etcd that are killed, frozen, compacted and restored while the control store is used.</summary>
public sealed class EtcdFaultTests : IClassFixture<ThreeMembers>, IAsyncLifetime
{
    /// <summary>What a request may take beyond its timeout, on a machine that is busy.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(2);

    private readonly EtcdCluster _etcd;
    private readonly EtcdOptions _options;
    private readonly EtcdControlStore _store;

    public EtcdFaultTests(ThreeMembers members)
    {
        _etcd = members.Cluster;
        _options = members.OptionsOfATest(timeoutSeconds: 3);
        _store = ThreeMembers.Open(_options);
    }

    public Task InitializeAsync() => _etcd.StartAllAsync();

    public Task DisposeAsync()
    {
        _store.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task AnyMember_IsKilled_NothingIsNoticed()
    {
        await _store.TryReplaceAsync(0, SampleTopology.Of(1));
        await using var watch = _store.WatchAsync().GetAsyncEnumerator();
        await NextAsync(watch);
        var version = 1;
        foreach (var member in _etcd.Members)
        {
            var next = NextAsync(watch);
            await member.KillAsync();

            Assert.Equal(version, (await _store.ReadAsync()).Version);
            Assert.True(await _store.TryReplaceAsync(version, SampleTopology.Of(version + 1)));
            Assert.Equal(++version, await next);
            await _etcd.StartAllAsync();
        }
    }

    [Fact]
    public async Task OneMember_IsFrozen_OthersAreAskedWithinTheTimeout()
    {
        await _store.TryReplaceAsync(0, SampleTopology.Of(1));
        await using var watch = _store.WatchAsync().GetAsyncEnumerator();
        await NextAsync(watch);
        var next = NextAsync(watch);
        await _etcd.Members[0].SuspendAsync(); // The one that is asked first, and that has the watch.
        try
        {
            Assert.Equal(1, (await _store.ReadAsync()).Version);
            Assert.True(await _store.TryReplaceAsync(1, SampleTopology.Of(2)));
            Assert.Equal(2, await next);
        }
        finally
        {
            await _etcd.Members[0].ContinueAsync();
        }
    }

    [Fact]
    public async Task Majority_IsKilled_FailsWithinTheTimeoutWithWhoAndWhyAndGoesOnAfter()
    {
        await _store.TryReplaceAsync(0, SampleTopology.Of(1));
        await using var watch = _store.WatchAsync().GetAsyncEnumerator();
        await NextAsync(watch);
        var next = NextAsync(watch);
        await _etcd.Members[0].KillAsync();
        await _etcd.Members[1].KillAsync();

        foreach (var request in new Func<Task>[] { () => _store.ReadAsync(), () => _store.TryReplaceAsync(1, SampleTopology.Of(2)) })
        {
            var began = Stopwatch.GetTimestamp();
            var fault = await Assert.ThrowsAsync<ControlStoreUnavailableException>(request);

            Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.FromSeconds(1), _options.Timeout + Tolerance);
            Assert.Contains("did not answer within 3 s", fault.Message, StringComparison.Ordinal);
            Assert.Contains($"{_etcd.Members[0].Client}: connection refused", fault.Message, StringComparison.Ordinal);
            Assert.Contains($"{_etcd.Members[1].Client}: connection refused", fault.Message, StringComparison.Ordinal);
            Assert.Contains($"{_etcd.Members[2].Client}: etcdserver: no leader", fault.Message, StringComparison.Ordinal);
            Assert.Contains("more than half of its members", fault.Message, StringComparison.Ordinal);
        }

        await Assert.ThrowsAsync<ControlStoreUnavailableException>(() => next); // The watch does not pretend that all is well.
        await _etcd.StartAllAsync();
        Assert.Equal(1, (await _store.ReadAsync()).Version);
        Assert.True(await _store.TryReplaceAsync(1, SampleTopology.Of(2)));
    }

    [Fact]
    public async Task Watch_RevisionIsCompactedBeforeItBegins_ReadsAgainAndWatchesOn()
    {
        await using var proxy = new EtcdProxy(_etcd.Members[0].Port);
        using var behind = ThreeMembers.Open(ThreeMembers.At(proxy.Address, _options));
        await _store.TryReplaceAsync(0, SampleTopology.Of(1));
        await using var watch = behind.WatchAsync().GetAsyncEnumerator();
        await NextAsync(watch);
        var held = proxy.Hold(EtcdProxy.Watch);
        var next = NextAsync(watch);
        await held.Arrived.OrFail("the watch is asked for");
        await _store.TryReplaceAsync(1, SampleTopology.Of(2));
        await _store.TryReplaceAsync(2, SampleTopology.Of(3));
        await CompactAsync();

        held.Release();

        Assert.Equal(3, await next);
        next = NextAsync(watch);
        await _store.TryReplaceAsync(3, SampleTopology.Of(4));
        Assert.Equal(4, await next);
    }

    [Fact]
    public async Task Watch_ConnectionIsCutWhileItIsCompacted_GoesOn()
    {
        await using var proxy = new EtcdProxy(_etcd.Members[0].Port);
        using var behind = ThreeMembers.Open(ThreeMembers.At(proxy.Address, _options));
        await _store.TryReplaceAsync(0, SampleTopology.Of(1));
        await using var watch = behind.WatchAsync().GetAsyncEnumerator();
        await NextAsync(watch);
        var next = NextAsync(watch);
        await proxy.Hold(EtcdProxy.Watch).Arrived.OrFail("the watch is asked for");
        await _store.TryReplaceAsync(1, SampleTopology.Of(2));
        await CompactAsync();

        proxy.CutAll();

        Assert.Equal(2, await next);
    }

    [Fact]
    public async Task Snapshot_IsRestored_IsNoticedFollowedAndWrittenAboveAllVersions()
    {
        await _store.TryReplaceAsync(0, SampleTopology.Of(1));
        using var end = new CancellationTokenSource();
        var followed = new ConcurrentQueue<long>();
        var following = FollowAsync(followed, end.Token);
        await UntilFollowedAsync(followed, 1);
        var snapshot = await _etcd.SaveSnapshotAsync();
        await _store.TryReplaceAsync(1, SampleTopology.Of(2, "lost"));
        await UntilFollowedAsync(followed, 1, 2);
        Assert.Equal(0, (await _store.ListAsync()).Restorations);

        await _etcd.RestoreAsync(snapshot);
        await UntilFollowedAsync(followed, 1, 2, 1);
        Assert.Equal(1, (await _store.ListAsync()).Restorations);
        Assert.False(await _store.TryReplaceAsync(2, SampleTopology.Of(3)));
        Assert.True(await _store.TryReplaceAsync(1, SampleTopology.Of(3)));

        await UntilFollowedAsync(followed, 1, 2, 1, 3);
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => following);
    }

    // As a region does: what ends the watch is followed by the next.
    private async Task FollowAsync(ConcurrentQueue<long> versions, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                await foreach (var topology in _store.WatchAsync(cancellation)) versions.Enqueue(topology.Version);
            }
            catch (ControlStoreUnavailableException)
            {
                // Until etcd is back.
            }
        }
    }

    private static Task UntilFollowedAsync(ConcurrentQueue<long> followed, params long[] versions) => Waiting.UntilAsync(
        $"the versions {string.Join(", ", versions)} were followed", () => Task.FromResult(followed.SequenceEqual(versions)));

    private async Task CompactAsync()
    {
        var status = await _etcd.ControlAsync("get", $"{_options.Prefix}/topology", "--write-out", "fields");
        var revision = status.Split('\n').Single(line => line.StartsWith("\"Revision\"", StringComparison.Ordinal)).Split(':')[1].Trim();
        await _etcd.ControlAsync("compact", revision);
    }

    private static async Task<long> NextAsync(IAsyncEnumerator<Topology> watch)
    {
        Assert.True(await watch.MoveNextAsync().AsTask().OrFail("the next topology"));
        return watch.Current.Version;
    }
}
