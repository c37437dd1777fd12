using System.Diagnostics;
using GeoRegistry.FrontDoor.Oci;
using GeoRegistry.Ledgers;
using Microsoft.AspNetCore.Http;

namespace GeoRegistry.FrontDoor.Regions;

/// <summary>Says which region answered, where that is another than the one that was asked.</summary>
/// <remarks>
/// A header for programs, and an attribute of the request's trace. Not a <c>Warning</c>: clients print those at every pull.
/// The entrance names a region only where the answer does not.
/// </remarks>
internal static class ServedBy
{
    private const string Attribute = "georegistry.served_by";

    /// <summary>Names the region.</summary>
    public static void Name(HttpContext http, RegionId region)
    {
        http.Response.Headers[HeaderNames.GeoRegistryServedBy] = region.ToString();
        Activity.Current?.SetTag(Attribute, region.ToString());
    }
}
