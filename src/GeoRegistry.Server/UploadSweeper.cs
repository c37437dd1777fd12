using GeoRegistry.Repositories.Uploads;

namespace GeoRegistry.Server;

/// <summary>Lets uploads that nobody continues go, now and then.</summary>
internal sealed partial class UploadSweeper(UploadSessions uploads, TimeProvider clock, ILogger<UploadSweeper> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        try
        {
            // At once, too: uploads that an earlier process left count among the open ones.
            do await SweepAsync(stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException)
        {
            // The server stops, or never came to start.
        }
    }

    private async Task SweepAsync(CancellationToken cancellation)
    {
        try
        {
            var discarded = await uploads.SweepAsync(cancellation);
            if (discarded > 0) LogDiscarded(discarded);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            LogFailed(failure);
        }
    }

    [LoggerMessage(1, LogLevel.Information, "Discarded {Count} uploads that nothing was sent to for long.")]
    private partial void LogDiscarded(int count);

    [LoggerMessage(2, LogLevel.Error, "Uploads that are not continued could not be discarded; the next round tries again.")]
    private partial void LogFailed(Exception failure);
}
