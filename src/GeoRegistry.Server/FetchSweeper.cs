using GeoRegistry.Replication.Hydration;

namespace GeoRegistry.Server;

/// <summary>Discards, at intervals, what fetches of blobs left that no fetch resumes.</summary>
internal sealed partial class FetchSweeper(BlobFetches fetches, TimeProvider clock, ILogger<FetchSweeper> logger)
    : PeriodicService(TimeSpan.FromMinutes(5), clock)
{
    protected override async Task RunAsync(CancellationToken stopping)
    {
        if (await fetches.SweepAsync(stopping) is > 0 and var discarded) LogDiscarded(discarded);
    }

    [LoggerMessage(1, LogLevel.Information, "Discarded {Count} uploads that were left by interrupted fetches of blobs.")]
    private partial void LogDiscarded(int count);

    [LoggerMessage(2, LogLevel.Error,
        "Uploads that were left by interrupted fetches of blobs could not be discarded; the next round tries again.")]
    protected override partial void LogFailed(Exception failure);
}
