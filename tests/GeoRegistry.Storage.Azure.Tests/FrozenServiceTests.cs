using System.Diagnostics;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Resilience;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Storage.Azure.Tests;

/// <summary>A service that is frozen, its connections open: it refuses nothing and answers nothing.</summary>
public sealed class FrozenServiceTests : IAsyncLifetime
{
    private AzuriteProcess _azurite = null!;

    public async Task InitializeAsync() => _azurite = await AzuriteProcess.StartAsync();

    public async Task DisposeAsync() => await _azurite.DisposeAsync();

    [Fact]
    public async Task FindAsync_ServiceIsFrozen_IsRefusedAtOnceAndAskedSoonAfterItGoesOn()
    {
        var options = new AzureStorageOptions
        {
            ConnectionString = _azurite.ConnectionString,
            Container = "frozen",
            CreateContainer = true,
            NetworkTimeout = TimeSpan.FromSeconds(1),
        };
        var store = new AzureBlobStore(options, TimeProvider.System);
        await store.PrepareAsync(RegionId.Parse("eu"));
        await SignalAsync("-STOP");
        await Task.WhenAll(Enumerable.Range(0, Circuit.MinCalls).Select(
            _ => Assert.ThrowsAsync<StoreUnavailableException>(FindAsync))).OrFail("the first failures");

        var asked = Stopwatch.StartNew();
        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(FindAsync);
        Assert.InRange(asked.Elapsed.TotalSeconds, 0, 0.5); // One try takes a second.
        Assert.Contains("failed the last requests", refusal.Message, StringComparison.Ordinal);

        await SignalAsync("-CONT");
        await Waiting.UntilAsync("the service is asked again", async () =>
        {
            try
            {
                return await FindAsync() is null;
            }
            catch (StoreUnavailableException)
            {
                return false;
            }
        }, TimeSpan.FromSeconds(10));

        Task<long?> FindAsync() => store.FindAsync(SampleBlob.Of("a").Digest).AsTask();
    }

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [signal, $"{_azurite.Id}"]);
        await kill.WaitForExitAsync();
    }
}
