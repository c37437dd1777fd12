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

    /// <summary>Whether a request that the region may have seen can go to another: it reads, or begins an upload, and has no body that was taken.</summary>
    /// <remarks>What a POST without a body does may be done twice: a second upload session is dropped when nobody continues it.</remarks>
    public static bool MaySendAgain(HttpRequest request, ForwarderError error) =>
        error == ForwarderError.Request
        && request.ContentLength is null or 0
        && (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || (HttpMethods.IsPost(request.Method) && request.ContentLength == 0));

    /// <summary>What was wrong with the client's own body, or null where nothing was.</summary>
    public static BadHttpRequestException? FaultOfClient(Exception? failure) => failure switch
    {
        null => null,
        BadHttpRequestException fault => fault,
        AggregateException several => several.InnerExceptions.Select(FaultOfClient).FirstOrDefault(fault => fault is not null),
        _ => FaultOfClient(failure.InnerException),
    };
}
