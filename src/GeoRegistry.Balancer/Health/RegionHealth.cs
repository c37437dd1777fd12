using System.Net;
using GeoRegistry.Balancer.Forwarding;
using GeoRegistry.Balancer.Regions;

namespace GeoRegistry.Balancer.Health;

/// <summary>
/// Asks every region each second whether it is ready for pulls and for pushes, and tells <see cref="RegionRoundRobin"/>.
/// </summary>
internal sealed partial class RegionHealth(RegionRoundRobin turns, HttpMessageInvoker http, TimeProvider time,
    ILogger<RegionHealth> logger) : BackgroundService
{
    /// <summary>How much of the reason that a region gives for not being ready is logged, in characters.</summary>
    private const int MaxFaultLength = 500;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>Asks every region once.</summary>
    public Task CheckAllAsync(CancellationToken cancellation) =>
        Task.WhenAll(turns.All.Select(region => CheckAsync(region, first: true, cancellation)));

    /// <summary>Takes a region that refused a connection for silent until it answers a health check again.</summary>
    public void Refused(Region region, Exception failure)
    {
        if (turns.Set(region, Readiness.Silent)) LogUnhealthy(region.Id, failure.Message);
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(turns.All.Select(region => WatchAsync(region, stoppingToken)));

    private async Task WatchAsync(Region region, CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(Interval, time);
        var heardAt = time.GetTimestamp();
        try
        {
            while (await timer.WaitForNextTickAsync(stopping))
            {
                await CheckAsync(region, first: false, stopping);
                if (region.Readiness != Readiness.Silent) heardAt = time.GetTimestamp();
                if (time.GetElapsedTime(heardAt) < RegionTimeouts.Loss) continue;
                LogLost(region.Id, RegionTimeouts.Loss.TotalSeconds);
                region.EndRequests();
                heardAt = time.GetTimestamp(); // Those that come meanwhile have as long.
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The entrance stops.
        }
    }

    private async Task CheckAsync(Region region, bool first, CancellationToken cancellation)
    {
        try
        {
            var answers = await Task.WhenAll(AskAsync(region, "pull", cancellation), AskAsync(region, "push", cancellation));
            Take(region, pull: answers[0], push: answers[1], first);
        }
        catch (HttpRequestException e)
        {
            LogOutOfResources(region.Id, e.Message);
        }
    }

    private void Take(Region region, HealthAnswer pull, HealthAnswer push, bool first)
    {
        var readiness = pull switch
        {
            { Fault: null } => push.Fault is null ? Readiness.Pushes : Readiness.Pulls,
            { Answered: true } => Readiness.Answering,
            _ => Readiness.Silent,
        };
        if (!turns.Set(region, readiness) && !first) return;
        if (pull.Fault is not null) LogUnhealthy(region.Id, pull.Fault);
        else if (push.Fault is not null) LogPullsOnly(region.Id, push.Fault);
        else if (!first) LogHealthy(region.Id);
    }

    /// <summary>Asks a region whether it is ready for something.</summary>
    /// <exception cref="HttpRequestException">The entrance had no socket left to ask.</exception>
    private async Task<HealthAnswer> AskAsync(Region region, string what, CancellationToken cancellation)
    {
        using var timeout = new CancellationTokenSource(RegionTimeouts.HealthCheck, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"{region.Address}/healthz/ready/{what}");
            using var answer = await http.SendAsync(request, either.Token);
            if (answer.StatusCode == HttpStatusCode.OK) return new HealthAnswer(Answered: true, Fault: null);
            var text = await answer.Content.ReadAsStringAsync(either.Token);
            return new HealthAnswer(
                Answered: true, $"it answers {(int)answer.StatusCode} {text[..Math.Min(text.Length, MaxFaultLength)]}");
        }
        catch (HttpRequestException e) when (!ForwardingFailure.IsOutOfResources(e))
        {
            return new HealthAnswer(Answered: false, e.Message);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new HealthAnswer(Answered: false, $"it did not answer within {RegionTimeouts.HealthCheck.TotalSeconds} s");
        }
    }
}
