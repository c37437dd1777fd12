using GeoRegistry.Balancer.Health;
using GeoRegistry.Balancer.Regions;
using Yarp.ReverseProxy.Forwarder;

namespace GeoRegistry.Balancer.Forwarding;

/// <summary>The one handler of every request: sends it to the region whose turn it is, or to the next where that one is gone.</summary>
internal sealed partial class Entrance(RegionTurns turns, RegionHealth health, IHttpForwarder forwarder, HttpMessageInvoker client, ILogger<Entrance> logger)
{
    private static readonly ForwarderRequestConfig Forwarding = new()
    {
        Version = new Version(1, 1),
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        ActivityTimeout = TimeSpan.FromMinutes(5), // Without a byte either way: a push may wait long for other regions.
    };

    private readonly Dictionary<Region, RawTargetTransformer> _transformers = turns.All.ToDictionary(region => region, region => new RawTargetTransformer(region));

    /// <summary>Answers a request with a region's answer, or with an error where no region has one.</summary>
    public async Task HandleAsync(HttpContext http)
    {
        foreach (var region in turns.Next())
        {
            var error = await forwarder.SendAsync(http, region.Address, client, Forwarding, _transformers[region]);
            if (error == ForwarderError.None) return;
            var failure = http.Features.Get<IForwarderErrorFeature>()?.Exception;
            var refused = ForwardingFailure.IsRefusal(failure);
            if (refused) health.Refused(region, failure!);
            if (http.Response.HasStarted || http.RequestAborted.IsCancellationRequested) return;
            if (ForwardingFailure.FaultOfClient(failure) is { } fault)
            {
                await EntranceError.WriteAsync(http, fault);
                return;
            }

            if (!refused && !ForwardingFailure.MaySendAgain(http.Request, error))
            {
                LogBroken(region.Id, http.Request.Method, failure?.Message);
                await EntranceError.WriteAsync(http, http.Response.StatusCode, $"Region {region.Id} broke off: send the request again.");
                return;
            }

            LogSentAgain(region.Id, http.Request.Method, failure?.Message);
            http.Response.Clear();
        }

        await EntranceError.WriteAsync(http, StatusCodes.Status503ServiceUnavailable, "No region is healthy now.");
    }
}
