using GeoRegistry.Protocol;
using GeoRegistry.Repositories.Metrics;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Repositories.Tests.Metrics;

/// <summary>What a pull from memory pays for being measured: a counter.</summary>
public sealed class CachedPullTests
{
    private const string Cache = "of-this-test";

    [Fact]
    public async Task FindManifest_ThatIsCached_CallsNoStore()
    {
        await using var region = new TestRegion();
        var process = region.Start();
        var image = await process.PushImageAsync("cached", "1");
        Assert.True(Reference.TryParse("1", out var tag));
        Assert.Equal(image.Digest, (await process.Reader.FindManifestAsync(TestProcess.Name, tag))?.Digest);
        using var heard = new HeardCalls();

        Assert.Equal(image.Digest, (await process.Reader.FindManifestAsync(TestProcess.Name, tag))?.Digest);

        Assert.Empty(heard.Spans);
    }

    [Fact]
    public void CacheRead_WhileItIsHeard_AllocatesNothing()
    {
        using var heard = new HeardReads(Cache);
        RegistryMetrics.CacheRead(Cache, isHit: true);
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var read = 0; read < 1000; read++) RegistryMetrics.CacheRead(Cache, isHit: read % 2 == 0);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal((501, 500), (heard.Hits, heard.Misses));
    }
}
