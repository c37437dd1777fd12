using System.Text.Json;
using GeoRegistry.FrontDoor.Errors;
using GeoRegistry.FrontDoor.Http;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Errors;
using GeoRegistry.Protocol.Manifests;
using Microsoft.AspNetCore.Http;

namespace GeoRegistry.FrontDoor.Oci;

/// <summary>Lists: tags, repositories, referrers; and whether this is a registry at all.</summary>
/// <remarks>
/// Source: OCI Distribution Spec v1.1 §Determining Support, §Content Discovery; Docker Registry HTTP API V2 §Listing
/// Repositories.
/// </remarks>
internal sealed class ListEndpoints(IRepositoryTables tables)
{
    /// <summary>
    /// The most names in a page of tags or repositories; also its size where the client gives none, as many clients read
    /// one page only.
    /// </summary>
    private const int MaxNames = 10_000;

    /// <summary>The most descriptors in a page of referrers.</summary>
    private const int MaxReferrers = 1_000;

    /// <summary>
    /// The most bytes of them, which have annotations of any length: a page is an index, of which clients read no more than of any
    /// manifest, 4 MiB. One alone may be longer.
    /// </summary>
    private const int MaxReferrersBytes = 3 * 1024 * 1024;

    public IEnumerable<OciEndpoint> Routes =>
    [
        new(OciResource.Base, HttpMethods.Get, BaseAsync),
        new(OciResource.Base, HttpMethods.Head, BaseAsync),
        new(OciResource.Catalog, HttpMethods.Get, CatalogAsync),
        new(OciResource.Catalog, HttpMethods.Head, CatalogAsync),
        new(OciResource.Tags, HttpMethods.Get, TagsAsync),
        new(OciResource.Tags, HttpMethods.Head, TagsAsync),
        new(OciResource.Referrers, HttpMethods.Get, ReferrersAsync),
        new(OciResource.Referrers, HttpMethods.Head, ReferrersAsync),
    ];

    private static Task BaseAsync(OciRequest request)
    {
        request.Http.Response.Headers[HeaderNames.DockerDistributionApiVersion] = "registry/2.0";
        return JsonResponse.WriteAsync(request.Http, "application/json", json =>
        {
            json.WriteStartObject();
            json.WriteEndObject();
        });
    }

    private async Task CatalogAsync(OciRequest request)
    {
        var paging = Paging.Of(request.Http.Request, MaxNames);
        var found = paging.Limit == 0
            ? []
            : await tables.ListRepositoriesAsync(paging.After, paging.Limit + 1, request.Aborted).ConfigureAwait(false);
        var page = paging.Cut(request.Http.Response, "/v2/_catalog", found, name => name.ToString());
        await JsonResponse.WriteAsync(request.Http, "application/json", json =>
        {
            json.WriteStartObject();
            WriteNames(json, "repositories", page);
            json.WriteEndObject();
        }).ConfigureAwait(false);
    }

    private async Task TagsAsync(OciRequest request)
    {
        if (!await tables.ExistsAsync(request.Repository, request.Aborted).ConfigureAwait(false))
        {
            var unknown = RegistryError.Of(ErrorCode.NameUnknown, null, ("name", request.Repository.ToString()));
            await ErrorResponse.WriteAsync(request.Http, unknown).ConfigureAwait(false);
            return;
        }

        var paging = Paging.Of(request.Http.Request, MaxNames);
        var found = paging.Limit == 0
            ? []
            : await tables.ListTagsAsync(request.Repository, paging.After, paging.Limit + 1, request.Aborted).ConfigureAwait(false);
        var page = paging.Cut(request.Http.Response, $"/v2/{request.Repository}/tags/list", found, tag => tag.ToString());
        await JsonResponse.WriteAsync(request.Http, "application/json", json =>
        {
            json.WriteStartObject();
            json.WriteString("name"u8, request.Repository.ToString());
            WriteNames(json, "tags", page);
            json.WriteEndObject();
        }).ConfigureAwait(false);
    }

    private async Task ReferrersAsync(OciRequest request) =>
        await (await ReadReferrersAsync(request).ConfigureAwait(false))().ConfigureAwait(false);

    /// <summary>Reads a page of referrers.</summary>
    /// <returns>What answers with the page that was read, or with why it cannot be; nothing is answered before.</returns>
    public async Task<Func<Task>> ReadReferrersAsync(OciRequest request)
    {
        var paging = Paging.Of(request.Http.Request, MaxReferrers);
        var fault = Digest.TryParse(request.Reference, out var subject) ? null : DigestFaults.NotADigest(request.Reference);
        var after = (Digest?)null;
        if (paging.After is not null && !TryDigest(paging.After, out after)) fault ??= DigestFaults.NotADigest(paging.After);
        if (fault is not null) return () => ErrorResponse.WriteAsync(request.Http, fault);
        var artifactType = ArtifactTypeOf(request.Http.Request);
        var otherQuery = artifactType is null ? "" : $"artifactType={Uri.EscapeDataString(artifactType)}&";
        var found = paging.Limit == 0
            ? []
            : await tables.ListReferrersAsync(request.Repository, subject, artifactType, after, paging.Limit + 1,
                MaxReferrersBytes, request.Aborted).ConfigureAwait(false);
        return () =>
        {
            var path = $"/v2/{request.Repository}/referrers/{subject}";
            var page = paging.Cut(
                request.Http.Response, path, found, referrer => referrer.Digest.ToString(), otherQuery, CountOfPage(found));
            if (artifactType is not null) request.Http.Response.Headers[HeaderNames.OciFiltersApplied] = "artifactType";
            return JsonResponse.WriteAsync(request.Http, MediaTypes.OciImageIndex, json => WriteIndex(json, page));
        };
    }

    // As many as there may be bytes for, and at least one.
    private static int CountOfPage(IReadOnlyList<Referrer> referrers)
    {
        var (count, bytes) = (0, 0L);
        while (count < referrers.Count && (bytes += referrers[count].Descriptor.Length) <= MaxReferrersBytes) count++;
        return Math.Max(1, count);
    }

    private static void WriteIndex(Utf8JsonWriter json, IReadOnlyList<Referrer> referrers)
    {
        json.WriteStartObject();
        json.WriteNumber("schemaVersion"u8, 2);
        json.WriteString("mediaType"u8, MediaTypes.OciImageIndex);
        json.WriteStartArray("manifests"u8);
        foreach (var referrer in referrers) StoredDescriptor.Write(json, referrer.Descriptor);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>
    /// The one type that referrers are filtered by; null for none, and for several, which the client has to look through
    /// itself.
    /// </summary>
    /// <remarks>
    /// Clients put the type into the query as it is. Its plus sign reads as a space there, and a media type has no
    /// spaces.
    /// </remarks>
    internal static string? ArtifactTypeOf(HttpRequest request) =>
        request.Query["artifactType"] is [{ Length: > 0 } type] ? type.Replace(' ', '+') : null;

    private static void WriteNames<T>(Utf8JsonWriter json, string property, IReadOnlyList<T> names)
    {
        json.WriteStartArray(property);
        foreach (var name in names) json.WriteStringValue(name!.ToString());
        json.WriteEndArray();
    }

    private static bool TryDigest(string text, out Digest? digest)
    {
        var valid = Digest.TryParse(text, out var parsed);
        digest = valid ? parsed : null;
        return valid;
    }
}
