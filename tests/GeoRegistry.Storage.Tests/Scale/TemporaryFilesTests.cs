using GeoRegistry.Ledgers;

namespace GeoRegistry.Storage.Tests.Scale;

/// <summary>What SQLite has no memory for while it sorts goes to files of its own, which belong on the disk of the data.</summary>
public sealed class TemporaryFilesTests
{
    private const int Queued = 200_000;

    [Fact]
    public async Task FindFaultOfQueue_OfALongQueue_KeepsNothingInTheSystemsTemporaryFolder()
    {
        await using var registry = await BigRegistry.CreateAsync(0, 0, Queued);
        using var ended = new CancellationTokenSource();
        var watching = Task.Run(() => Watch(ended.Token));

        await registry.Store.FindFaultOfQueueAsync([RegionId.Parse("eu"), BigRegistry.Source]);

        await ended.CancelAsync();
        Assert.Empty(await watching);
    }

    // They have no name any more while they are open.
    private static HashSet<string> Watch(CancellationToken ended)
    {
        var seen = new HashSet<string>();
        while (!ended.IsCancellationRequested)
        {
            seen.UnionWith(new DirectoryInfo("/proc/self/fd").GetFiles()
                .Select(file => file.LinkTarget ?? "").Where(target => target.Contains("etilqs_", StringComparison.Ordinal)));
        }

        return seen;
    }
}
