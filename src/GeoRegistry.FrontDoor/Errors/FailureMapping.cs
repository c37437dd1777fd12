using System.Diagnostics;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol.Errors;
using GeoRegistry.Regions.Control;
using GeoRegistry.Repositories;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace GeoRegistry.FrontDoor.Errors;

/// <summary>The one place where an exception becomes an answer.</summary>
/// <param name="region">The region whose failures they are.</param>
/// <param name="logger">Where failures that need an operator are logged.</param>
internal sealed partial class FailureMapping(RegionId region, ILogger<FailureMapping> logger)
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
            StoreFaultException fault => FaultOfStore(http, fault),
            StoreUnavailableException away => StoreIsAway(http, away),
            OtherRegionsUnreachableException or RegionUnavailableException or ControlStoreUnavailableException =>
                RegistryError.Of(ErrorCode.Unavailable, failure.Message),
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
        var code = http.Request.Path.Value?.Contains("/blobs/uploads", StringComparison.Ordinal) == true
            ? ErrorCode.BlobUploadInvalid : ErrorCode.ManifestInvalid;
        return RegistryError.Of(code, fault.Message) with { Status = fault.StatusCode };
    }

    // Reads go on, and nothing was changed: the operator has to hear of it, and the client what it can count on.
    private RegistryError FaultOfStore(HttpContext http, StoreFaultException fault)
    {
        LogStoreFault(fault, http.Request.Method, http.Request.Path, fault.Fault);
        return fault.Fault switch
        {
            StoreFault.Full => Refuse(
                $"The disk of region {region} is full: it refuses pushes until space is freed.",
                StatusCodes.Status507InsufficientStorage),
            StoreFault.ReadOnly => Refuse($"The disk of region {region} is read-only: it refuses pushes until it is writable again."),
            _ => Refuse($"The server of region {region} lacks permission to write its data: it refuses pushes until it has that."),
        };

        RegistryError Refuse(string message, int status = StatusCodes.Status503ServiceUnavailable) =>
            RegistryError.Of(ErrorCode.Unavailable, message, ("region", region.ToString())) with { Status = status };
    }

    private RegistryError StoreIsAway(HttpContext http, StoreUnavailableException failure)
    {
        LogStoreAway(failure, http.Request.Method, http.Request.Path);
        return RegistryError.Of(
            ErrorCode.Unavailable, $"The storage of region {region} does not answer now: try again.", ("region", region.ToString()));
    }

    private RegistryError Unexpected(HttpContext http, Exception failure)
    {
        var trace = Activity.Current?.TraceId.ToString() ?? http.TraceIdentifier;
        LogUnexpected(failure, http.Request.Method, http.Request.Path, trace);
        return RegistryError.Of(ErrorCode.Unknown, null, ("traceId", trace));
    }
}
