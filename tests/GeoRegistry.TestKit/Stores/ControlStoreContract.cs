using GeoRegistry.Regions.Control;
using GeoRegistry.Regions.Topologies;

namespace GeoRegistry.TestKit.Stores;

/// <summary>What every control store keeps.</summary>
public abstract class ControlStoreContract
{
    /// <summary>Opens the store of this test, which is empty at first: once for each process that would.</summary>
    protected abstract IControlStore Open();

    [Fact]
    public async Task ReadAsync_Nothing_IsToldWithTheRemedy()
    {
        var fault = await Assert.ThrowsAsync<InvalidDataException>(() => Open().ReadAsync());

        Assert.Contains("There is no topology", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TryReplaceAsync_Nothing_WritesTheFirst()
    {
        var store = Open();

        Assert.False(await store.TryReplaceAsync(1, SampleTopology.Of(2)));
        Assert.True(await store.TryReplaceAsync(0, SampleTopology.Of(1)));

        Assert.Equal(1, (await Open().ReadAsync()).Version);
    }

    [Fact]
    public async Task TryReplaceAsync_AnotherVersionIsThere_ChangesNothing()
    {
        var store = Open();
        await store.TryReplaceAsync(0, SampleTopology.Of(1));
        await store.TryReplaceAsync(1, SampleTopology.Of(2, "there"));

        Assert.False(await store.TryReplaceAsync(0, SampleTopology.Of(3, "late")));
        Assert.False(await store.TryReplaceAsync(1, SampleTopology.Of(2, "late")));

        Assert.Equal("there", SampleTopology.MarkOf(await Open().ReadAsync()));
    }

    [Fact]
    public async Task TryReplaceAsync_VersionThatIsNotHigher_IsABug()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => Open().TryReplaceAsync(1, SampleTopology.Of(1)));
        await Assert.ThrowsAsync<ArgumentException>(() => Open().TryReplaceAsync(2, SampleTopology.Of(1)));
    }

    /// <summary>After a store was restored, its topology gets a version above those that regions remember.</summary>
    [Fact]
    public async Task TryReplaceAsync_VersionHigherByMoreThanOne_IsTaken()
    {
        var store = Open();
        await store.TryReplaceAsync(0, SampleTopology.Of(4));

        Assert.True(await store.TryReplaceAsync(4, SampleTopology.Of(9)));

        Assert.Equal(9, (await store.ReadAsync()).Version);
    }

    [Fact]
    public async Task TryReplaceAsync_RepeatedAfterItWasDone_IsDone()
    {
        await Open().TryReplaceAsync(0, SampleTopology.Of(1));
        Assert.True(await Open().TryReplaceAsync(1, SampleTopology.Of(2, "mine")));

        Assert.True(await Open().TryReplaceAsync(1, SampleTopology.Of(2, "mine")));
        Assert.False(await Open().TryReplaceAsync(1, SampleTopology.Of(2, "other")));
    }

    [Fact]
    public async Task TryReplaceAsync_ManyAtOnce_OneWinsEachVersion()
    {
        const int Writers = 8, Versions = 10;
        var wins = new int[Versions + 1];
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
        {
            var store = Open();
            for (var version = 1; version <= Versions; version++)
            {
                var next = SampleTopology.Of(version, $"writer-{writer}");
                if (await store.TryReplaceAsync(version - 1, next)) Interlocked.Increment(ref wins[version]);
            }
        }))).OrFail("all writers are done");

        Assert.All(Enumerable.Range(1, Versions), version => Assert.Equal(1, wins[version]));
        Assert.Equal(Versions, (await Open().ReadAsync()).Version);
    }

    [Fact]
    public async Task WatchAsync_Nothing_IsToldWithTheRemedy()
    {
        await using var watch = Open().WatchAsync().GetAsyncEnumerator();

        await Assert.ThrowsAsync<InvalidDataException>(async () => await watch.MoveNextAsync());
    }

    [Fact]
    public async Task WatchAsync_TopologyIsReplaced_GivesWhatIsThereAndThenTheNext()
    {
        await Open().TryReplaceAsync(0, SampleTopology.Of(1));
        using var end = new CancellationTokenSource();
        await using var watch = Open().WatchAsync(end.Token).GetAsyncEnumerator();
        Assert.Equal(1, await NextAsync(watch));

        var next = NextAsync(watch);
        Assert.False(next.IsCompleted);
        await Open().TryReplaceAsync(1, SampleTopology.Of(2));
        Assert.Equal(2, await next);

        var never = NextAsync(watch);
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => never);
    }

    private static async Task<long> NextAsync(IAsyncEnumerator<Topology> watch)
    {
        Assert.True(await watch.MoveNextAsync().AsTask().OrFail("the next topology"));
        return watch.Current.Version;
    }
}
