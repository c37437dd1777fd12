namespace GeoRegistry.Server;

/// <summary>Does something at intervals while the server runs. A round that fails is logged, and the next tries again.</summary>
/// <param name="interval">How long it is from one round to the next.</param>
/// <param name="clock">The time.</param>
internal abstract class PeriodicService(TimeSpan interval, TimeProvider clock) : BackgroundService
{
    /// <summary>Whether the first round is at the start; otherwise it is after the first interval.</summary>
    protected virtual bool BeginsAtOnce => false;

    /// <inheritdoc/>
    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(interval, clock);
        try
        {
            if (BeginsAtOnce) await TryRunAsync(stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken)) await TryRunAsync(stoppingToken);
        }
        catch (Exception) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops, or never started.
        }
    }

    /// <summary>One round.</summary>
    protected abstract Task RunAsync(CancellationToken stopping);

    /// <summary>Logs that a round failed.</summary>
    protected abstract void LogFailed(Exception failure);

    private async Task TryRunAsync(CancellationToken stopping)
    {
        try
        {
            await RunAsync(stopping);
        }
        catch (Exception failure) when (!stopping.IsCancellationRequested)
        {
            LogFailed(failure);
        }
    }
}
