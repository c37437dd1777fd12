using GeoRegistry.FrontDoor.Http;
using GeoRegistry.FrontDoor.Peers;
using GeoRegistry.Ledgers;
using GeoRegistry.Protocol;
using GeoRegistry.Repositories.Writes;
using Microsoft.AspNetCore.Http;

namespace GeoRegistry.FrontDoor.Oci;

/// <summary>A request to the OCI API with its path taken apart.</summary>
/// <param name="Http">The request and its response.</param>
/// <param name="Repository">The repository; the default value where the path names none.</param>
/// <param name="Reference">The path's last segment, not yet validated; empty where there is none.</param>
internal readonly record struct OciRequest(HttpContext Http, RepositoryName Repository, string Reference)
{
    public CancellationToken Aborted => Http.RequestAborted;

    /// <summary>The region that relays the request; null where a client sends it.</summary>
    public RegionId? Relay => PeerIdentity.Of(Http);

    /// <summary>Who asks for a write, and by what way.</summary>
    public WriteOrigin Origin => new("", Relay, WriteIds.Of(Http.Request, isRelayed: Relay is not null));
}

/// <summary>One row of a route table.</summary>
/// <param name="Resource">What the path leads to.</param>
/// <param name="Method">The HTTP method.</param>
/// <param name="Handle">Answers the request.</param>
internal sealed record OciEndpoint(OciResource Resource, string Method, Func<OciRequest, Task> Handle);
