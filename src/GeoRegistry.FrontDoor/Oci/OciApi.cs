using System.Collections.Frozen;
using GeoRegistry.FrontDoor.Errors;
using GeoRegistry.FrontDoor.Regions;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Errors;
using Microsoft.AspNetCore.Http;

namespace GeoRegistry.FrontDoor.Oci;

/// <summary>The OCI API: finds the endpoint of a request by the resource that its path leads to and its method.</summary>
internal sealed class OciApi
{
    private readonly FrozenDictionary<(OciResource Resource, string Method), Func<OciRequest, Task>> _endpoints;

    private readonly RegionRouting? _regions;

    /// <summary>The API of these endpoints.</summary>
    /// <param name="manifests">Manifests.</param>
    /// <param name="blobs">Blobs.</param>
    /// <param name="uploads">Uploads.</param>
    /// <param name="lists">Lists.</param>
    /// <param name="regions">Which region answers; null where there is one alone.</param>
    public OciApi(ManifestEndpoints manifests, BlobEndpoints blobs, UploadEndpoints uploads, ListEndpoints lists, RegionRouting? regions)
    {
        _regions = regions;
        IEnumerable<OciEndpoint> all = [.. manifests.Routes, .. blobs.Routes, .. uploads.Routes, .. lists.Routes];
        _endpoints = all.ToFrozenDictionary(endpoint => (endpoint.Resource, endpoint.Method), endpoint => endpoint.Handle);
    }

    /// <summary>Answers a request.</summary>
    /// <param name="http">The request.</param>
    /// <param name="target">The request's target as it was sent.</param>
    public Task HandleAsync(HttpContext http, string target)
    {
        var route = OciRoute.Parse(target);
        if (!_endpoints.TryGetValue((route.Resource, HttpMethods.GetCanonicalizedValue(http.Request.Method)), out var handle))
            return route.Resource == OciResource.None ? NotFoundAsync(http) : NotAllowedAsync(http, route.Resource);
        var repository = default(RepositoryName);
        if (route.Resource is not (OciResource.Base or OciResource.Catalog) && !RepositoryName.TryParse(route.Name, out repository))
            return ErrorResponse.WriteAsync(http, InvalidName(route.Name));
        var request = new OciRequest(http, repository, route.Reference);
        return _regions is null ? handle(request) : _regions.AnswerAsync(route.Resource, request, handle);
    }

    private Task NotAllowedAsync(HttpContext http, OciResource resource)
    {
        http.Response.Headers.Allow = string.Join(", ",
            _endpoints.Keys.Where(key => key.Resource == resource).Select(key => key.Method).Order());
        return ErrorResponse.WriteAsync(http, RegistryError.Of(ErrorCode.Unsupported, $"{http.Request.Method} is not allowed here."));
    }

    private static Task NotFoundAsync(HttpContext http) =>
        ErrorResponse.WriteAsync(http, RegistryError.Of(ErrorCode.Unsupported, "The OCI API has no such path.") with { Status = 404 });

    private static RegistryError InvalidName(string name) => RegistryError.Of(
        ErrorCode.NameInvalid,
        $"'{name}' is not a repository name: lower-case letters and digits in components separated by '/', "
            + $"with single '.', '_', '__' or dashes inside, {RepositoryName.MaxLength} characters at most.",
        ("name", name));
}
