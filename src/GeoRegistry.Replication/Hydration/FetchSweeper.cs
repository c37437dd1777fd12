using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace GeoRegistry.Replication.Hydration;

/// <summary>Discards, now and then, what fetches left that nobody takes up.</summary>
internal sealed partial class FetchSweeper(BlobFetches fetches, TimeProvider clock, ILogger<FetchSweeper> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(5);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false)) await SweepAsync(
                stoppingToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    private async Task SweepAsync(CancellationToken stopping)
    {
        try
        {
            if (await fetches.SweepAsync(stopping).ConfigureAwait(false) is > 0 and var discarded) LogDiscarded(discarded);
        }
        catch (Exception failure) when (!stopping.IsCancellationRequested)
        {
            LogFailed(failure);
        }
    }

    [LoggerMessage(1, LogLevel.Information, "Discarded {Count} uploads that fetches of blobs had left.")]
    private partial void LogDiscarded(int count);

    [LoggerMessage(2, LogLevel.Error, "What fetches of blobs left could not be discarded; the next round tries again.")]
    private partial void LogFailed(Exception failure);
}
