using GeoRegistry.FrontDoor.Errors;
using GeoRegistry.FrontDoor.Http;
using GeoRegistry.FrontDoor.Regions;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Errors;
using GeoRegistry.Repositories;
using GeoRegistry.Repositories.Blobs;
using GeoRegistry.Repositories.Writes;
using Microsoft.AspNetCore.Http;

namespace GeoRegistry.FrontDoor.Oci;

/// <summary>Blobs by digest.</summary>
/// <remarks>Source: OCI Distribution Spec v1.1 §Pulling blobs, §Checking if content exists in the registry, §Deleting Blobs.</remarks>
internal sealed class BlobEndpoints(RepositoryBlobs blobs, RepositoryDirectory repositories, BlobRedirection? redirection = null)
{
    // Content under a digest never changes.
    private const string Immutable = "public, max-age=31536000, immutable";

    public IEnumerable<OciEndpoint> Routes =>
    [
        new(OciResource.Blob, HttpMethods.Get, WithDigest(GetAsync)),
        new(OciResource.Blob, HttpMethods.Head, WithDigest(HeadAsync)),
        new(OciResource.Blob, HttpMethods.Delete, WithDigest(DeleteAsync)),
    ];

    private static Func<OciRequest, Task> WithDigest(Func<OciRequest, Digest, Task> handle) =>
        request => Digest.TryParse(request.Reference, out var digest)
            ? handle(request, digest)
            : ErrorResponse.WriteAsync(request.Http, DigestFaults.NotADigest(request.Reference));

    private async Task GetAsync(OciRequest request, Digest digest)
    {
        var http = request.Http;
        var content = await blobs.OpenAsync(request.Repository, digest, request.Aborted).ConfigureAwait(false);
        if (content is null)
        {
            await ErrorResponse.WriteAsync(http, Unknown(digest)).ConfigureAwait(false);
            return;
        }

        await using (content.ConfigureAwait(false))
        {
            Describe(http.Response, digest);
            if (content.Source is { } source) ServedBy.Name(http, source);
            if (EntityTags.ClientHas(http.Request, digest)) http.Response.StatusCode = StatusCodes.Status304NotModified;
            else if (redirection is null || !await redirection.TryRedirectAsync(request, digest, content).ConfigureAwait(false))
                await BlobResponse.SendAsync(http, digest, content).ConfigureAwait(false);
        }
    }

    private async Task HeadAsync(OciRequest request, Digest digest)
    {
        var http = request.Http;
        var found = request.Relay is null
            ? await blobs.FindAsync(request.Repository, digest, request.Aborted).ConfigureAwait(false)
            : await blobs.FindHereAsync(request.Repository, digest, request.Aborted).ConfigureAwait(false);
        if (found is not { } sizeBytes)
        {
            await ErrorResponse.WriteAsync(http, Unknown(digest)).ConfigureAwait(false);
            return;
        }

        Describe(http.Response, digest);
        if (EntityTags.ClientHas(http.Request, digest)) http.Response.StatusCode = StatusCodes.Status304NotModified;
        else http.Response.ContentLength = sizeBytes;
    }

    private async Task DeleteAsync(OciRequest request, Digest digest)
    {
        var outcome = await repositories.Of(request.Repository).DeleteBlobAsync(
            new DeleteBlob(digest, request.Origin), request.Aborted).ConfigureAwait(false);
        await WriteAnswers.DeletedAsync(request.Http, outcome).ConfigureAwait(false);
    }

    private static void Describe(HttpResponse response, Digest digest)
    {
        response.ContentType = "application/octet-stream";
        response.Headers.ETag = EntityTags.Of(digest);
        response.Headers[HeaderNames.DockerContentDigest] = digest.ToString();
        response.Headers.AcceptRanges = "bytes";
        response.Headers.CacheControl = Immutable;
        response.Headers.XContentTypeOptions = HeaderNames.NoSniff;
    }

    private static RegistryError Unknown(Digest digest) => RegistryError.Of(ErrorCode.BlobUnknown, null, ("digest", digest.ToString()));
}
