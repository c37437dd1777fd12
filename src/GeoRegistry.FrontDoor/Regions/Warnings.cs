using GeoRegistry.Ledgers;
using Microsoft.AspNetCore.Http;

namespace GeoRegistry.FrontDoor.Regions;

/// <summary>What answers say about where they come from, for people who read along.</summary>
/// <remarks>Source: OCI Distribution Spec v1.1 §Warnings: 299, an unknown agent, and no date.</remarks>
internal static class Warnings
{
    public const string BlobFromElsewhere = "this blob comes through from another region and is being stored here";

    public static string AnsweredBy(RegionId region) => $"answered by region {region}";

    public static string MayBeStale(RegionId region, RegionId home) => $"answered by region {region} while {home}, the repository's home, cannot be reached: it may be stale";

    public static void Add(HttpResponse response, string text) => response.Headers.Append("Warning", $"299 - \"{text}\"");
}
