using GeoRegistry.Ledgers;
using Microsoft.AspNetCore.Http;

namespace GeoRegistry.FrontDoor.Peers;

/// <summary>Marks a request as one that another region sent, over the peer listener and with the cluster's key.</summary>
/// <param name="Region">The region.</param>
internal sealed record PeerIdentity(RegionId Region)
{
    /// <summary>The region that sent a request; null where it came from a client.</summary>
    public static RegionId? Of(HttpContext http) => http.Features.Get<PeerIdentity>()?.Region;
}
