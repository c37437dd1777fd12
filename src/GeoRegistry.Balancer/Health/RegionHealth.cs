using System.Net;
using GeoRegistry.Balancer.Regions;

namespace GeoRegistry.Balancer.Health;

/// <summary>Asks every region each second whether it is ready, and tells <see cref="RegionTurns"/>.</summary>
internal sealed partial class RegionHealth(RegionTurns turns, HttpMessageInvoker http, TimeProvider time, ILogger<RegionHealth> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1), Patience = TimeSpan.FromSeconds(2);

    /// <summary>Asks every region once.</summary>
    public Task CheckAllAsync(CancellationToken cancellation) => Task.WhenAll(turns.All.Select(region => CheckAsync(region, first: true, cancellation)));

    /// <summary>Takes a region that refused a connection out of the turns until it is ready again.</summary>
    public void Refused(Region region, Exception failure)
    {
        if (turns.Set(region, healthy: false)) LogUnhealthy(region.Id, failure.Message);
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(turns.All.Select(region => WatchAsync(region, stoppingToken)));

    private async Task WatchAsync(Region region, CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stopping)) await CheckAsync(region, first: false, stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The entrance stops.
        }
    }

    private async Task CheckAsync(Region region, bool first, CancellationToken cancellation)
    {
        var fault = await FaultOfAsync(region, cancellation);
        if (!turns.Set(region, fault is null) && !first) return;
        if (fault is null) LogHealthy(region.Id);
        else LogUnhealthy(region.Id, fault);
    }

    /// <summary>Why the region should get no requests, or null.</summary>
    private async Task<string?> FaultOfAsync(Region region, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"{region.Address}/healthz/ready");
            using var answer = await http.SendAsync(request, either.Token);
            return answer.StatusCode == HttpStatusCode.OK ? null : $"it answers {(int)answer.StatusCode}";
        }
        catch (HttpRequestException e)
        {
            return e.Message;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return $"it did not answer within {Patience.TotalSeconds} s";
        }
    }
}
