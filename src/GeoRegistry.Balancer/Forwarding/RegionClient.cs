using System.Diagnostics;
using System.Net;
using System.Text;
using Yarp.ReverseProxy.Forwarder;

namespace GeoRegistry.Balancer.Forwarding;

/// <summary>Makes the client that speaks to the regions.</summary>
internal static class RegionClient
{
    /// <summary>A client that passes on what it is given: no redirects followed, nothing decompressed, no cookies kept.</summary>
    /// <remarks>Its connections to a region are bounded by <see cref="Entrance.MaxReads"/> and
    /// <see cref="Entrance.MaxWrites"/>: a request has one at a time.</remarks>
    public static HttpMessageInvoker Create() => new(new SocketsHttpHandler
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseCookies = false,
        ConnectTimeout = RegionTimeouts.Connect,
        Expect100ContinueTimeout = RegionTimeouts.Continue,
        PooledConnectionIdleTimeout = RegionTimeouts.IdleConnection,
        RequestHeaderEncodingSelector = (_, _) => Encoding.Latin1, // Bytes pass as they came.
        ResponseHeaderEncodingSelector = (_, _) => Encoding.Latin1,
        ActivityHeadersPropagator = new ReverseProxyPropagator(DistributedContextPropagator.Current),
    });
}
