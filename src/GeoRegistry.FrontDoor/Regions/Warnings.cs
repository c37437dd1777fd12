using GeoRegistry.Ledgers;
using Microsoft.AspNetCore.Http;

namespace GeoRegistry.FrontDoor.Regions;

/// <summary>
/// What clients show to people: only that an answer may be stale or wrong. Where it comes from is said by
/// <see cref="ServedBy"/>.
/// </summary>
/// <remarks>Source: OCI Distribution Spec v1.1 §Warnings: 299, an unknown agent, and no date.</remarks>
internal static class Warnings
{
    public static string MayBeStale(RegionId region, RegionId home) =>
        $"answered by region {region} while {home}, the repository's home, cannot be reached: it may be stale";

    public static string Unconfirmed(RegionId home) =>
        $"answered by region {home}, the repository's home, which has reached no other region since it started: it may be stale";

    public static void Add(HttpResponse response, string text) => response.Headers.Append("Warning", $"299 - \"{text}\"");
}
