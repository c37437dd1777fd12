using System.Net.Sockets;
using System.Security.Cryptography;
using Grpc.Core;

namespace GeoRegistry.Regions.Control.Etcd;

/// <summary>What the failures of requests to etcd mean.</summary>
internal static class EtcdFault
{
    /// <summary>Whether another member may answer, or the same a moment later.</summary>
    public static bool IsTransient(Exception failure) => failure switch
    {
        RpcException { StatusCode: StatusCode.ResourceExhausted } rpc => Says(rpc, "too many requests"),
        RpcException rpc => rpc.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Internal
            or StatusCode.Cancelled or StatusCode.Unknown or StatusCode.Aborted,
        ObjectDisposedException => true, // Of the channel, which was replaced because certificates were.
        _ => false,
    };

    /// <summary>Whether no member will answer otherwise: what is wrong is the request, or a file on this side.</summary>
    public static bool IsRefusal(Exception failure) =>
        failure is RpcException or IOException or UnauthorizedAccessException or CryptographicException;

    /// <summary>Whether the member wants another token: it was restarted, the token is too old, or somebody changed users.</summary>
    public static bool IsOfToken(RpcException failure) =>
        Says(failure, "invalid auth token") || Says(failure, "user name is empty") || Says(failure, "revision of auth store is old");

    /// <summary>Whether tokens are of no use here.</summary>
    public static bool IsAuthenticationDisabled(RpcException failure) => Says(failure, "authentication is not enabled");

    /// <summary>What happened, in a few words.</summary>
    public static string Describe(Exception failure) => failure switch
    {
        RpcException { StatusCode: StatusCode.DeadlineExceeded } => "no answer in time",
        RpcException { Status.DebugException: { } cause } => Cause(cause),
        RpcException rpc => rpc.Status.Detail,
        _ => failure.Message,
    };

    /// <summary>What an operator does about a request that was refused.</summary>
    public static string RemedyOf(Exception failure, EtcdOptions options) => failure switch
    {
        RpcException rpc when Says(rpc, "user name is empty") =>
            " It has authentication enabled: give a user, and the file with its password.",
        RpcException { StatusCode: StatusCode.PermissionDenied } when options.User.Length == 0 =>
            " It has authentication enabled: give a user, and the file with its password; or grant the certificate's name readwrite on "
                + $"the prefix {options.Prefix}/.",
        RpcException rpc when Says(rpc, "invalid user ID or password") =>
            $" Check the user {options.User}, and its password in '{options.PasswordFile}'.",
        RpcException { StatusCode: StatusCode.PermissionDenied } =>
            $" Grant the user {options.User} readwrite on the prefix {options.Prefix}/ ('etcdctl role grant-permission').",
        RpcException rpc when Says(rpc, "space exceeded") => " Compact and defragment it, then disarm its alarm ('etcdctl alarm disarm').",
        _ => "",
    };

    private static bool Says(RpcException failure, string text) => failure.Status.Detail.Contains(text, StringComparison.Ordinal);

    // The outermost says that a call failed, the innermost why.
    private static string Cause(Exception cause) => cause.GetBaseException() switch
    {
        SocketException { SocketErrorCode: SocketError.ConnectionRefused } => "connection refused",
        var innermost => innermost.Message,
    };
}
