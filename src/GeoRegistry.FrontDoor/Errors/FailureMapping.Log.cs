using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace GeoRegistry.FrontDoor.Errors;

internal sealed partial class FailureMapping
{
    [LoggerMessage(1, LogLevel.Debug, "The client of {Method} {Path} went away.")]
    private partial void LogClientGone(string method, PathString path);

    [LoggerMessage(2, LogLevel.Error, "{Method} {Path} failed (trace {TraceId}).")]
    private partial void LogUnexpected(Exception failure, string method, PathString path, string traceId);
}
