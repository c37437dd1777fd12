using GeoRegistry.Ledgers.Stores;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace GeoRegistry.FrontDoor.Errors;

internal sealed partial class FailureMapping
{
    [LoggerMessage(1, LogLevel.Debug, "The client disconnected during {Method} {Path}.")]
    private partial void LogClientGone(string method, PathString path);

    [LoggerMessage(2, LogLevel.Error, "{Method} {Path} failed (trace {TraceId}).")]
    private partial void LogUnexpected(Exception failure, string method, PathString path, string traceId);

    [LoggerMessage(3, LogLevel.Error,
        "{Method} {Path} could not be stored ({Fault}). Free space on the data folder's disk or make it writable; pulls go on.")]
    private partial void LogStoreFault(Exception failure, string method, PathString path, StoreFault fault);

    [LoggerMessage(4, LogLevel.Error, "{Method} {Path} was refused, as a store of this region did not answer.")]
    private partial void LogStoreAway(Exception failure, string method, PathString path);
}
