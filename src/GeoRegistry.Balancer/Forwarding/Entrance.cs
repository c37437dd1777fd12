using GeoRegistry.Balancer.Health;
using GeoRegistry.Balancer.Regions;
using Yarp.ReverseProxy.Forwarder;

namespace GeoRegistry.Balancer.Forwarding;

/// <summary>
/// The one handler of every request: sends it to the region whose turn it is, or to the next where that one does not
/// answer.
/// </summary>
internal sealed partial class Entrance(
    RegionRoundRobin turns, RepositoryRegions repositories, RegionHealth health, IHttpForwarder forwarder,
    HttpMessageInvoker client, TimeProvider time, ILogger<Entrance> logger)
{
    /// <summary>
    /// How many requests that read, and how many others, may be under way: each has two connections and at most 200 KiB of buffers.
    /// What comes beyond is answered 503. A push may wait for minutes for its source, so that pushes have places of their own.
    /// </summary>
    public const int MaxReads = 3072, MaxWrites = 1024;

    private static readonly ForwarderRequestConfig Forwarding = new()
    {
        Version = new Version(1, 1),
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        ActivityTimeout = RegionTimeouts.Idle,
    };

    private readonly SemaphoreSlim _reads = new(MaxReads), _writes = new(MaxWrites);

    /// <summary>Answers a request with a region's answer, or with an error where no region has one.</summary>
    public async Task HandleAsync(HttpContext http)
    {
        var isRead = RequestPlan.IsReading(http.Request);
        var places = isRead ? _reads : _writes;
        if (!places.Wait(TimeSpan.Zero))
        {
            var full = isRead ? $"{MaxReads} requests that read" : $"{MaxWrites} requests that write";
            await EntranceError.WriteAsync(
                http, StatusCodes.Status503ServiceUnavailable, $"The entrance has {full} under way, its limit.");
            return;
        }

        try
        {
            await ForwardAsync(http);
        }
        finally
        {
            places.Release();
        }
    }

    private async Task ForwardAsync(HttpContext http)
    {
        using var plan = new RequestPlan(http.Request, turns, repositories);
        while (plan.Next() is { } region)
        {
            if (await TryAsync(http, plan, region) is not { } failure) return;
            plan.Failed(region, failure);
            LogSentAgain(region.Id, http.Request.Method, failure);
            http.Response.Clear();
            if (!plan.MustBeSentAgain) continue;
            await EntranceError.WriteAsync(http, StatusCodes.Status503ServiceUnavailable,
                $"Region {region.Id} may not have this repository: send the request again, and it goes to a region that may.");
            return;
        }

        await EntranceError.WriteAsync(http, StatusCodes.Status503ServiceUnavailable, $"No region could answer ({plan.Failures}).");
    }

    /// <summary>Sends a request to a region.</summary>
    /// <returns>Why another region must be tried; null where the request has its answer, or can have none.</returns>
    private async Task<string?> TryAsync(HttpContext http, RequestPlan plan, Region region)
    {
        using var attempt = new Attempt(region, plan, time);
        var error = await forwarder.SendAsync(http, region.Address, client, Forwarding, attempt, attempt.Left);
        if (attempt.Declined is { } declined) return declined;
        if (error == ForwarderError.None) return null;

        var failure = http.Features.Get<IForwarderErrorFeature>()?.Exception;
        if (ForwardingFailure.IsRefusal(failure)) health.Refused(region, failure!);
        if (http.RequestAborted.IsCancellationRequested) return null;
        var fault = attempt.Left.IsCancellationRequested ? "it did not answer in time" : failure?.Message ?? $"{error}";
        if (http.Response.HasStarted) LogBrokenAnswer(region.Id, http.Request.Method, fault);
        else if (ForwardingFailure.FaultOfClient(failure) is { } bad) await EntranceError.WriteAsync(http, bad);
        else if (plan.Body is { IsClientIdle: true } && error == ForwarderError.RequestTimedOut)
            await EntranceError.WriteAsync(http, IdleClient);
        else if (ForwardingFailure.IsUnsendable(error, failure)) await EntranceError.WriteAsync(http, Unsendable(failure));
        else if (plan.MayGoElsewhere || ForwardingFailure.IsUnconnected(failure))
        {
            if (attempt.IsLeftForAnother) plan.Defer(region);
            return fault;
        }
        else
        {
            LogBroken(region.Id, http.Request.Method, fault);
            await EntranceError.WriteAsync(http, http.Response.StatusCode, $"Region {region.Id} broke off: send the request again.");
        }

        return null;
    }

    private static BadHttpRequestException IdleClient =>
        new($"Nothing more of the request's body came for {RegionTimeouts.Idle.TotalMinutes:0} minutes.",
            StatusCodes.Status408RequestTimeout);

    private static BadHttpRequestException Unsendable(Exception? failure) =>
        new($"The request cannot be passed on: {failure?.Message}", StatusCodes.Status400BadRequest);
}
