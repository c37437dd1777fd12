using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Regions.Control;
using GeoRegistry.Replication.Tails;
using GeoRegistry.Repositories;
using Microsoft.Extensions.Logging;

namespace GeoRegistry.Replication.Homes;

/// <summary>
/// Recovers a region whose metadata was replaced while it ran, or while it did not: by a standby that was promoted, or a copy.
/// </summary>
/// <remarks>
/// <para>
/// What was acknowledged may be missing in it. So before anything of it is answered, all that is in memory is dropped, and with it the
/// leases to show what other regions are the home of. The region then takes back what the others have, and goes on under another
/// incarnation of its feed (<see cref="HomeResumption"/>). Requests wait meanwhile (<see cref="HomeGate"/>). Where another region cannot
/// be reached, the home stays closed until it can, or until an operator accepts the loss.
/// </para>
/// <para>What the region follows of others is compared with its home's, as the tails remember more than the data has.</para>
/// </remarks>
public sealed partial class DataRecovery(
    RegionMap map,
    HomeGate gate,
    HomeResumption resumption,
    RepositoryViews views,
    TailStates tails,
    TimeProvider clock,
    ILogger<DataRecovery> logger,
    IDataContinuity? continuity = null)
{
    /// <summary>
    /// How long requests wait: while the other regions answer it takes less, and a region that is away would hold them up.
    /// </summary>
    private static readonly TimeSpan WaitTime = TimeSpan.FromSeconds(10);

    /// <summary>How long until it is tried again: the first time, and at most; each time twice as long.</summary>
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(500), LongestDelay = TimeSpan.FromSeconds(5);

    private readonly PositionSignal _breaks = new(0);

    /// <summary>Watches the data from now on. To be called before anything else reads or writes it.</summary>
    public void Begin()
    {
        if (continuity is null) return;
        continuity.Broken += Stop;
        if (continuity.Break is not null) Stop();
    }

    /// <summary>Recovers the data each time that it was replaced, for as long as the process runs.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        for (var recovered = 0L; continuity is not null; recovered++)
        {
            await _breaks.WaitForAsync(recovered + 1, stopping).ConfigureAwait(false);
            await RecoverAsync(stopping).ConfigureAwait(false);
        }
    }

    // While the connection waits that would read the other data.
    private void Stop()
    {
        var happened = continuity!.Break;
        LogReplaced(map.Self, happened);
        gate.BeginRecovery($"its metadata {happened}, so commits may be missing in it");
        foreach (var tail in map.Others.Select(region => tails.Of(region.Id)).OfType<TailState>())
        {
            tail.RequestTakeOver();
            tail.Visibility.DropLease();
        }

        views.Forget();
        _breaks.Advance();
    }

    private async Task RecoverAsync(CancellationToken stopping)
    {
        var began = clock.GetTimestamp();
        for (var failures = 0;
            continuity!.Break is not null && !await TryRecoverAsync(stopping).ConfigureAwait(false);
            await Task.Delay(Backoff.After(failures++, FirstDelay, LongestDelay), clock, stopping).ConfigureAwait(false))
        {
            if (clock.GetElapsedTime(began) > WaitTime) Release();
        }

        Release();
        LogRecovered(map.Self, clock.GetElapsedTime(began).TotalSeconds);
    }

    private void Release()
    {
        continuity!.Release();
        gate.EndRecovery();
    }

    private async Task<bool> TryRecoverAsync(CancellationToken stopping)
    {
        continuity!.Recover();
        try
        {
            return await resumption.ResumeAsync(acceptsLoss: false, stopping).ConfigureAwait(false)
                is not ResumptionOutcome.StaysClosed;
        }
        catch (Exception failure) when (!stopping.IsCancellationRequested)
        {
            LogFailed(failure, map.Self);
            return false;
        }
    }

    [LoggerMessage(1, LogLevel.Error, "The metadata of region {Region} {Happened}. What other regions have of it is recovered first.")]
    private partial void LogReplaced(RegionId region, string? happened);

    [LoggerMessage(2, LogLevel.Information, "Region {Region} has recovered after {Seconds:0.0} s.")]
    private partial void LogRecovered(RegionId region, double seconds);

    [LoggerMessage(3, LogLevel.Error, "Recovering region {Region} failed and is tried again.")]
    private partial void LogFailed(Exception failure, RegionId region);
}
