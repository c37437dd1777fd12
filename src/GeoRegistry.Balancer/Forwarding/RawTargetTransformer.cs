using GeoRegistry.Balancer.Regions;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Forwarder;

namespace GeoRegistry.Balancer.Forwarding;

/// <summary>Passes requests on to one region with their target as it was sent, and marks its answers.</summary>
internal sealed class RawTargetTransformer(Region region) : HttpTransformer
{
    /// <summary>The header of every answer that says which region gave it.</summary>
    public const string ServedBy = "GeoRegistry-Served-By";

    // Names must reach the region as they look: no percent-encoding or dot segment may be resolved on the way.
    private static readonly UriCreationOptions AsSent = new() { DangerousDisablePathAndQueryCanonicalization = true };

    public override async ValueTask TransformRequestAsync(HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
        var target = httpContext.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;

        // The other forms of a target (absolute, asterisk) are left to the forwarder, which makes a path of them.
        if (target.StartsWith('/')) proxyRequest.RequestUri = new Uri(destinationPrefix + target, AsSent);
    }

    public override async ValueTask<bool> TransformResponseAsync(HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
    {
        var copyBody = await base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);

        // A region that passed the request on names the one that answered.
        if (proxyResponse is not null) httpContext.Response.Headers.TryAdd(ServedBy, region.Id.ToString());
        return copyBody;
    }
}
