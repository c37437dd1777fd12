using GeoRegistry.FrontDoor.Admin;
using GeoRegistry.FrontDoor.Errors;
using GeoRegistry.FrontDoor.Health;
using GeoRegistry.FrontDoor.Oci;
using GeoRegistry.Protocol.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace GeoRegistry.FrontDoor;

/// <summary>Everything HTTP: the one handler of every request.</summary>
public sealed class RegistryFrontDoor
{
    private readonly OciApi _oci;
    private readonly HealthEndpoints _health;
    private readonly FailureMapping _failures;

    private readonly BackupEndpoint _backup;
    private readonly AdminApi? _admin;

    internal RegistryFrontDoor(
        OciApi oci, HealthEndpoints health, FailureMapping failures, BackupEndpoint backup, AdminApi? admin)
    {
        (_backup, _admin) = (backup, admin);
        _oci = oci;
        _health = health;
        _failures = failures;
    }

    /// <summary>Answers a request; whatever happens, with an answer or an abrupt end.</summary>
    public Task HandleAsync(HttpContext http)
    {
        try
        {
            var answer = DispatchAsync(http);
            return answer.IsCompletedSuccessfully ? answer : GuardAsync(http, answer);
        }
        catch (Exception failure)
        {
            return _failures.AnswerAsync(http, failure);
        }
    }

    private Task DispatchAsync(HttpContext http)
    {
        // The target as it was sent: the server's own path has dot segments resolved, and names must be what they look like.
        var target = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (http.Request.Path.StartsWithSegments("/v2") || target.StartsWith("/v2/", StringComparison.Ordinal))
            return _oci.HandleAsync(http, target);
        if (_backup.TryHandle(http, out var archive)) return archive;
        if (_admin is not null && http.Request.Path.Value!.StartsWith(AdminApi.Prefix, StringComparison.Ordinal))
            return _admin.HandleAsync(http);
        return _health.TryHandle(http, out var answer)
            ? answer
            : ErrorResponse.WriteAsync(http, RegistryError.Of(
                ErrorCode.Unsupported, "There is nothing here; the registry is under /v2/.") with { Status = 404 });
    }

    private async Task GuardAsync(HttpContext http, Task answer)
    {
        try
        {
            await answer.ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            await _failures.AnswerAsync(http, failure).ConfigureAwait(false);
        }
    }
}
