using System.Net.Sockets;
using Yarp.ReverseProxy.Forwarder;

namespace GeoRegistry.Balancer.Forwarding;

/// <summary>Whose fault it was that a request was not answered.</summary>
internal static class ForwardingFailure
{
    // What the operating system says where the entrance itself has no more sockets, ports or memory.
    private static readonly SocketError[] NoResources =
    [
        SocketError.TooManyOpenSockets, SocketError.AddressNotAvailable, SocketError.AddressAlreadyInUse,
        SocketError.NoBufferSpaceAvailable, SocketError.ProcessLimit,
    ];

    /// <summary>Whether the region took no connection.</summary>
    public static bool IsRefusal(Exception? failure) => IsUnconnected(failure) && !IsOutOfResources(failure);

    /// <summary>Whether there was no connection, so that the region has seen nothing of the request and its body was not read.</summary>
    public static bool IsUnconnected(Exception? failure) => failure switch
    {
        HttpRequestException e => e.HttpRequestError
            is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError,
        OperationCanceledException e => e.InnerException is TimeoutException, // The connection took too long.
        _ => false,
    };

    /// <summary>Whether the entrance itself could open no connection: this says nothing of the region.</summary>
    public static bool IsOutOfResources(Exception? failure) => failure switch
    {
        null => false,
        SocketException e => NoResources.Contains(e.SocketErrorCode),
        _ => IsOutOfResources(failure.InnerException),
    };

    /// <summary>Whether the entrance could not make the region's request of the client's, so that no region can have it.</summary>
    public static bool IsUnsendable(ForwarderError error, Exception? failure) =>
        error == ForwarderError.RequestCreation
        // Such as a header in bytes that HTTP cannot carry.
        || (error == ForwarderError.Request
            && failure is HttpRequestException { HttpRequestError: HttpRequestError.Unknown, InnerException: null });

    /// <summary>What was wrong with the client's own body, or null where nothing was.</summary>
    public static BadHttpRequestException? FaultOfClient(Exception? failure) => failure switch
    {
        null => null,
        BadHttpRequestException fault => fault,
        AggregateException several => several.InnerExceptions.Select(FaultOfClient).FirstOrDefault(fault => fault is not null),
        _ => FaultOfClient(failure.InnerException),
    };
}
