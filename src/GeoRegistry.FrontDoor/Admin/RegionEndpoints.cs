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

    /// <summary>How many ledgers an error names; the log has all.</summary>
    private const int NamedLedgers = 10;

    /// <summary>Finds the endpoint of a path below the API's prefix.</summary>
    public Func<AdminApi, HttpContext, Task>? Find(string method, string path) =>
        HttpMethods.IsPost(method) && path.StartsWith(Regions, StringComparison.Ordinal)
            && path.EndsWith(Resume, StringComparison.Ordinal) && path.Length > Regions.Length + Resume.Length
            ? (_, http) => ResumeAsync(http, path[Regions.Length..^Resume.Length])
            : null;

    private async Task ResumeAsync(HttpContext http, string text)
    {
        if (!RegionId.TryParse(text, out var region) || map.Current.Find(region) is null)
        {
            await ErrorResponse.WriteAsync(http, RegistryError.Of(
                ErrorCode.Unsupported, $"'{text}' is not a region.") with { Status = 404 }).ConfigureAwait(false);
            return;
        }

        if (region != map.Self && PeerIdentity.Of(http) is null)
        {
            using var answer = await relay.SendAsync(http, region).ConfigureAwait(false);
            await relay.CopyAsync(answer, http, region).ConfigureAwait(false);
            return;
        }

        switch (await resumption.ResumeAsync(http.Request.Query[Accepted] == "true", http.RequestAborted).ConfigureAwait(false))
        {
            case ResumptionOutcome.Resumed(var report):
                await AdminApi.WriteAsync(http, report).ConfigureAwait(false);
                break;
            case ResumptionOutcome.StaysClosed closed:
                await ErrorResponse.WriteAsync(http, RegistryError.Of(ErrorCode.Unavailable, Describe(region, closed)))
                    .ConfigureAwait(false);
                break;
            default:
                await ErrorResponse.WriteAsync(http, RegistryError.Of(
                    ErrorCode.Unsupported,
                    $"Region {region} accepts writes: there is nothing to resume.") with { Status = 409 }).ConfigureAwait(false);
                break;
        }
    }

    private static string Describe(RegionId region, ResumptionOutcome.StaysClosed closed)
    {
        var unreachable = closed.Unreachable.Count > 0
            ? $" Unreachable, or unable to send all that they have: {string.Join(", ", closed.Unreachable)}." : "";
        var named = closed.NotRecovered.Take(NamedLedgers).Select(ledger => $"{ledger.Repository} ({ledger.Reason})").ToList();
        var more = closed.NotRecovered.Count > named.Count ? $"; and {closed.NotRecovered.Count - named.Count} more" : "";
        var left = named.Count > 0 ? $" Not recovered: {string.Join("; ", named)}{more}." : "";
        return $"Region {region} still refuses writes, because commits would be lost: {closed.RecoveredLedgers} ledgers were recovered "
            + $"from other regions, but not everything that these have.{unreachable}{left} "
            + $"Repair that and resume it again; or accept the loss with ?{Accepted}=true, or --{Accepted}.";
    }
}
