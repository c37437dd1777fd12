using GeoRegistry.Replication.Hydration;

namespace GeoRegistry.Server;

/// <summary>Discards, now and then, what fetches of blobs left that nobody takes up.</summary>
internal sealed partial class FetchSweeper(BlobFetches fetches, TimeProvider clock, ILogger<FetchSweeper> logger)
    : PeriodicService(TimeSpan.FromMinutes(5), clock)
{
    protected override async Task RunAsync(CancellationToken stopping)
    {
        if (await fetches.SweepAsync(stopping) is > 0 and var discarded) LogDiscarded(discarded);
    }

    [LoggerMessage(1, LogLevel.Information, "Discarded {Count} uploads that fetches of blobs had left.")]
    private partial void LogDiscarded(int count);

    [LoggerMessage(2, LogLevel.Error, "What fetches of blobs left could not be discarded; the next round tries again.")]
    protected override partial void LogFailed(Exception failure);
}
