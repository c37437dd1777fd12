using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Repositories;

namespace GeoRegistry.Server;

/// <summary>Goes on with metadata that was replaced, in a region that is alone: nobody else has what may be missing in it.</summary>
internal sealed partial class LoneRegionRecovery(
    ILedgerStore ledgers, RepositoryViews views, TimeProvider clock, ILogger<LoneRegionRecovery> logger,
    IDataContinuity? continuity = null) : BackgroundService
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    private readonly PositionSignal _breaks = new(0);

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        if (continuity is null) return Task.CompletedTask;
        continuity.Broken += Stop;
        if (continuity.Break is not null) Stop();
        return base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (var recovered = 1L; ; recovered++)
        {
            await _breaks.WaitForAsync(recovered, stoppingToken);
            continuity!.Recover();
            while (continuity.Break is not null && !await TryGoOnAsync(stoppingToken))
                await Task.Delay(RetryInterval, clock, stoppingToken);
            continuity.Release();
        }
    }

    private void Stop()
    {
        LogReplaced(continuity!.Break);
        views.Forget();
        _breaks.Advance();
    }

    private async Task<bool> TryGoOnAsync(CancellationToken stopping)
    {
        try
        {
            LogGoesOn(await ledgers.BeginIncarnationAsync(stopping));
            return true;
        }
        catch (StoreUnavailableException)
        {
            return false;
        }
    }

    [LoggerMessage(1, LogLevel.Error, "The metadata {Happened}. The region is alone: what was acknowledged and is missing in it is lost.")]
    private partial void LogReplaced(string? happened);

    [LoggerMessage(2, LogLevel.Warning, "The region goes on under the incarnation {Incarnation} of its feed.")]
    private partial void LogGoesOn(Ledgers.Incarnation incarnation);
}
