using GeoRegistry.Balancer.Regions;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;
using Yarp.ReverseProxy.Forwarder;

namespace GeoRegistry.Balancer.Forwarding;

/// <summary>
/// One try of a request at one region: passes its target on as it was sent, watches the region's answer, and leaves the
/// region where that does not come.
/// </summary>
internal sealed class Attempt : HttpTransformer, IDisposable
{
    /// <summary>The header of every answer that says which region gave it.</summary>
    public const string ServedBy = "GeoRegistry-Served-By";

    // Names must reach the region as they look: no percent-encoding or dot segment may be resolved on the way.
    private static readonly UriCreationOptions AsSent = new() { DangerousDisablePathAndQueryCanonicalization = true };

    private readonly Region _region;
    private readonly RequestPlan _plan;
    private readonly bool _isLeftSoon;
    private readonly CancellationTokenSource _end;
    private readonly CancellationTokenRegistration _loss, _silence;

    public Attempt(Region region, RequestPlan plan, TimeProvider time)
    {
        (_region, _plan) = (region, plan);
        var timeout = plan.IsRead ? HeadTimeout : Timeout.InfiniteTimeSpan;
        _isLeftSoon = timeout == RegionTimeouts.Head;
        _end = new CancellationTokenSource(timeout, time);
        _loss = region.Loss.UnsafeRegister(attempt => ((Attempt)attempt!)._end.Cancel(), this);
        _silence = region.Silence.UnsafeRegister(attempt => ((Attempt)attempt!).LeaveSilent(), this);
    }

    /// <summary>Cancelled when the region is left.</summary>
    public CancellationToken Left => _end.Token;

    /// <summary>Whether the region was left because another one may be quicker.</summary>
    public bool IsLeftForAnother => _isLeftSoon && Left.IsCancellationRequested;

    /// <summary>
    /// Why the region's answer is not given to the client and another region is asked; null where it is given, or there
    /// is none.
    /// </summary>
    public string? Declined { get; private set; }

    // A region that works is left only for one that may be quicker; one that hangs is given no more than half a minute (Loss).
    private TimeSpan HeadTimeout => (IsSilent: _region.Readiness == Readiness.Silent, _plan.HasAnother, _plan.HasAnotherReady) switch
    {
        { IsSilent: true, HasAnother: true } => RegionTimeouts.HeadOfSilent,
        { IsSilent: false, HasAnotherReady: true } => RegionTimeouts.Head,
        { IsSilent: false } when _plan.IsOfBlob => RegionTimeouts.HeadOfBlob,
        _ => RegionTimeouts.Stall,
    };

    public override async ValueTask TransformRequestAsync(
        HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        // They are for the client's connection alone. Source: RFC 9110 §7.6.1.
        var headers = httpContext.Request.Headers;
        foreach (var name in headers.GetCommaSeparatedValues(HeaderNames.Connection)) headers.Remove(name);
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
        // A region that refuses it does so before the body is read, which then can go to another.
        if (_plan.Body is not null && httpContext.Request.ContentLength is null or > ReplayableBody.MaxKeptKiB * 1024)
            proxyRequest.Headers.ExpectContinue = true;
        var target = httpContext.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;

        // The other forms of a target (absolute, asterisk) are left to the forwarder, which makes a path of them.
        if (target.StartsWith('/')) proxyRequest.RequestUri = new Uri(destinationPrefix + target, AsSent);
    }

    public override async ValueTask<bool> TransformResponseAsync(
        HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
    {
        if (proxyResponse is null) return false;
        _silence.Dispose();
        _end.CancelAfter(Timeout.InfiniteTimeSpan);
        Declined = _plan.WhyDeclined(_region, proxyResponse);
        if (Declined is not null) return false;

        var copyBody = await base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
        httpContext.Response.Headers.TryAdd(ServedBy, _region.Id.ToString());
        if (_plan.IsRead) proxyResponse.Content = new WatchedContent(proxyResponse.Content, this);
        return copyBody;
    }

    /// <summary>
    /// Awaits the next bytes of the region's answer, which must not take longer than <see cref="RegionTimeouts.Stall"/>.
    /// </summary>
    public async ValueTask<int> WatchAsync(ValueTask<int> reading)
    {
        if (reading.IsCompleted) return await reading;
        _end.CancelAfter(RegionTimeouts.Stall);
        var count = await reading;
        _end.CancelAfter(Timeout.InfiniteTimeSpan);
        return count;
    }

    public void Dispose()
    {
        _loss.Dispose();
        _silence.Dispose();
        _end.Dispose();
    }

    private void LeaveSilent()
    {
        if (_plan is { MayGoElsewhere: true, HasAnother: true }) _end.Cancel();
    }
}
