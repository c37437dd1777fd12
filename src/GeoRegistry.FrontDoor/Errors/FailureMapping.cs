using System.Diagnostics;
using GeoRegistry.Protocol.Errors;
using GeoRegistry.Repositories;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace GeoRegistry.FrontDoor.Errors;

/// <summary>The one place where an exception becomes an answer.</summary>
internal sealed partial class FailureMapping(ILogger<FailureMapping> logger)
{
    /// <summary>Answers a request whose handling threw.</summary>
    public Task AnswerAsync(HttpContext http, Exception failure)
    {
        if (http.RequestAborted.IsCancellationRequested || failure is ConnectionResetException)
        {
            LogClientGone(http.Request.Method, http.Request.Path);
            return Task.CompletedTask;
        }

        var error = failure switch
        {
            BadHttpRequestException bad => FaultOfRequest(http, bad),
            OtherRegionsUnreachableException or RegionUnavailableException => RegistryError.Of(ErrorCode.Unavailable, failure.Message),
            _ => Unexpected(http, failure),
        };
        if (http.Response.HasStarted)
        {
            // Too late for an error: an end in the middle is the only honest answer.
            http.Abort();
            return Task.CompletedTask;
        }

        http.Response.Clear();
        return ErrorResponse.WriteAsync(http, error);
    }

    // The server found the body too slow, too long or malformed.
    private static RegistryError FaultOfRequest(HttpContext http, BadHttpRequestException fault)
    {
        var code = http.Request.Path.Value?.Contains("/blobs/uploads", StringComparison.Ordinal) == true ? ErrorCode.BlobUploadInvalid : ErrorCode.ManifestInvalid;
        return RegistryError.Of(code, fault.Message) with { Status = fault.StatusCode };
    }

    private RegistryError Unexpected(HttpContext http, Exception failure)
    {
        var trace = Activity.Current?.TraceId.ToString() ?? http.TraceIdentifier;
        LogUnexpected(failure, http.Request.Method, http.Request.Path, trace);
        return RegistryError.Of(ErrorCode.Unknown, null, ("traceId", trace));
    }
}
