using GeoRegistry.Repositories.Uploads;

namespace GeoRegistry.Server;

/// <summary>Discards, at intervals, uploads that nobody continues.</summary>
internal sealed partial class UploadSweeper(UploadSessions uploads, TimeProvider clock, ILogger<UploadSweeper> logger)
    : PeriodicService(TimeSpan.FromMinutes(1), clock)
{
    /// <summary>Uploads that an earlier process left count among the open ones.</summary>
    protected override bool BeginsAtOnce => true;

    protected override async Task RunAsync(CancellationToken stopping)
    {
        if (await uploads.SweepAsync(stopping) is > 0 and var discarded) LogDiscarded(discarded);
    }

    [LoggerMessage(1, LogLevel.Information, "Discarded {Count} expired uploads.")]
    private partial void LogDiscarded(int count);

    [LoggerMessage(2, LogLevel.Error, "Expired uploads could not be discarded; the next round tries again.")]
    protected override partial void LogFailed(Exception failure);
}
