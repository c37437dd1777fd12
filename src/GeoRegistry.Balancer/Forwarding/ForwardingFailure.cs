using Yarp.ReverseProxy.Forwarder;

namespace GeoRegistry.Balancer.Forwarding;

/// <summary>What may be done about a request that a region did not answer.</summary>
internal static class ForwardingFailure
{
    /// <summary>Whether no connection stood, so that the region has seen nothing of the request and its body was not read.</summary>
    public static bool IsRefusal(Exception? failure) => failure switch
    {
        HttpRequestException e => e.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError,
        OperationCanceledException e => e.InnerException is TimeoutException, // The connection took too long.
        _ => false,
    };

    /// <summary>Whether a request that the region may have seen can go to another: it reads only, and has no body that was taken.</summary>
    public static bool MaySendAgain(HttpRequest request, ForwarderError error) =>
        error == ForwarderError.Request && (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method)) && request.ContentLength is null or 0;
}
