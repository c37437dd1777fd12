using GeoRegistry.FrontDoor.Errors;
using GeoRegistry.FrontDoor.Peers;
using GeoRegistry.FrontDoor.Regions;
using GeoRegistry.Ledgers;
using GeoRegistry.Protocol.Errors;
using GeoRegistry.Regions.Control;
using GeoRegistry.Replication.Homes;
using Microsoft.AspNetCore.Http;

namespace GeoRegistry.FrontDoor.Admin;

/// <summary>What operators do with a region.</summary>
internal sealed class RegionEndpoints(RegionMap map, HomeResumption resumption, Relay relay)
{
    private const string Regions = "regions/", Resume = "/resume", Accepted = "accept-data-loss";

    /// <summary>Finds the endpoint of a path below the API's prefix.</summary>
    public Func<AdminApi, HttpContext, Task>? Find(string method, string path) =>
        HttpMethods.IsPost(method) && path.StartsWith(Regions, StringComparison.Ordinal)
            && path.EndsWith(Resume, StringComparison.Ordinal) && path.Length > Regions.Length + Resume.Length
            ? (_, http) => ResumeAsync(http, path[Regions.Length..^Resume.Length])
            : null;

    private async Task ResumeAsync(HttpContext http, string text)
    {
        var fault = (RegistryError?)null;
        if (!RegionId.TryParse(text, out var region) || map.Current.Find(region) is null)
            fault = RegistryError.Of(ErrorCode.Unsupported, $"'{text}' is not a region.") with { Status = 404 };
        else if (http.Request.Query[Accepted] != "true")
            fault = RegistryError.Of(
                ErrorCode.Unsupported,
                $"Resuming {region} loses the commits that only unreachable regions have: confirm with ?{Accepted}=true.")
                with { Status = 400 };
        if (fault is not null)
        {
            await ErrorResponse.WriteAsync(http, fault).ConfigureAwait(false);
            return;
        }

        if (region != map.Self && PeerIdentity.Of(http) is null)
        {
            using var answer = await relay.SendAsync(http, region).ConfigureAwait(false);
            await relay.CopyAsync(answer, http, region).ConfigureAwait(false);
            return;
        }

        if (await resumption.ResumeAsync(http.RequestAborted).ConfigureAwait(false) is { } report)
            await AdminApi.WriteAsync(http, report).ConfigureAwait(false);
        else
            await ErrorResponse.WriteAsync(http, RegistryError.Of(
                ErrorCode.Unsupported,
                $"Region {region} takes writes: there is nothing to resume.") with { Status = 409 }).ConfigureAwait(false);
    }
}
