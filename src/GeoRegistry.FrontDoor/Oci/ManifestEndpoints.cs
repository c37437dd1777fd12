using GeoRegistry.FrontDoor.Errors;
using GeoRegistry.FrontDoor.Http;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Errors;
using GeoRegistry.Protocol.Manifests;
using GeoRegistry.Repositories;
using GeoRegistry.Repositories.Reads;
using GeoRegistry.Repositories.Writes;
using Microsoft.AspNetCore.Http;

namespace GeoRegistry.FrontDoor.Oci;

/// <summary>Manifests by tag and digest.</summary>
/// <remarks>Source: OCI Distribution Spec v1.1 §Pulling manifests, §Pushing Manifests, §Deleting tags, §Deleting Manifests.</remarks>
internal sealed class ManifestEndpoints(RepositoryReader reader, RepositoryDirectory repositories)
{
    public IEnumerable<OciEndpoint> Routes =>
    [
        new(OciResource.Manifest, HttpMethods.Get, GetAsync),
        new(OciResource.Manifest, HttpMethods.Head, GetAsync),
        new(OciResource.Manifest, HttpMethods.Put, PutAsync),
        new(OciResource.Manifest, HttpMethods.Delete, DeleteAsync),
    ];

    private Task GetAsync(OciRequest request)
    {
        if (!Reference.TryParse(request.Reference, out var reference))
            return ErrorResponse.WriteAsync(request.Http, NoReference(request.Reference));
        var found = reader.FindManifestAsync(request.Repository, reference, request.Aborted);
        return found.IsCompletedSuccessfully
            ? AnswerAsync(request.Http, reference, found.Result)
            : AwaitedAsync(request.Http, reference, found);

        static async Task AwaitedAsync(HttpContext http, Reference reference, ValueTask<Manifest?> found) =>
            await AnswerAsync(http, reference, await found.ConfigureAwait(false)).ConfigureAwait(false);
    }

    /// <summary>Answers a read with what was found, or that nothing was.</summary>
    public static Task AnswerAsync(HttpContext http, Reference reference, Manifest? manifest)
    {
        if (manifest is null)
            return ErrorResponse.WriteAsync(
                http, RegistryError.Of(ErrorCode.ManifestUnknown, null, ("reference", reference.ToString())));
        var response = http.Response;
        response.Headers.ETag = EntityTags.Of(manifest.Digest);
        response.Headers[HeaderNames.DockerContentDigest] = manifest.Digest.ToString();
        response.Headers.XContentTypeOptions = HeaderNames.NoSniff;
        if (EntityTags.ClientHas(http.Request, manifest.Digest))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }

        response.ContentType = manifest.MediaType;
        response.ContentLength = manifest.Content.Length;
        return HttpMethods.IsHead(http.Request.Method)
            ? Task.CompletedTask : response.BodyWriter.WriteAsync(manifest.Content, http.RequestAborted).AsTask();
    }

    private async Task PutAsync(OciRequest request)
    {
        var http = request.Http;
        var target = ManifestTarget.Parse(request, out var fault);
        if (fault is not null)
        {
            await ErrorResponse.WriteAsync(http, fault).ConfigureAwait(false);
            return;
        }

        if (await BodyReader.ReadWholeAsync(
            http.Request, ManifestReader.MaxSizeBytes, request.Aborted).ConfigureAwait(false) is not { } content)
        {
            var tooLarge = RegistryError.Of(
                ErrorCode.ManifestInvalid, $"A manifest may have at most {ManifestReader.MaxSizeBytes} bytes.") with { Status = 413 };
            await ErrorResponse.WriteAsync(http, tooLarge).ConfigureAwait(false);
            return;
        }

        var digest = Digest.Of(content.Span, target.Digest?.Algorithm ?? DigestAlgorithm.Sha256);
        if (target.Digest is { } named && named != digest)
        {
            await ErrorResponse.WriteAsync(http, RegistryError.Of(
                ErrorCode.DigestInvalid,
                $"The content's digest is {digest}, not {named}.",
                ("digest", digest.ToString()))).ConfigureAwait(false);
            return;
        }

        switch (ManifestReader.ReadPushed(content, http.Request.ContentType, digest))
        {
            case ManifestReading.Rejected rejected:
                await ErrorResponse.WriteAsync(http, RegistryError.Of(ErrorCode.ManifestInvalid, rejected.Reason)).ConfigureAwait(false);
                break;
            case ManifestReading.Accepted accepted:
                var command = new PutManifest(accepted.Manifest, target.Tags, EntityTags.PreconditionOf(http.Request), request.Origin);
                var outcome = await repositories.Of(request.Repository).PutManifestAsync(command, request.Aborted).ConfigureAwait(false);
                await AnswerPutAsync(request, target, accepted.Manifest, outcome).ConfigureAwait(false);
                break;
        }
    }

    private Task AnswerPutAsync(OciRequest request, ManifestTarget target, Manifest manifest, WriteOutcome outcome)
    {
        if (outcome is WriteOutcome.Refused refused) return ErrorResponse.WriteAsync(request.Http, refused.Errors);
        var response = request.Http.Response;
        WriteAnswers.NameReceipt(response, outcome);
        response.StatusCode = StatusCodes.Status201Created;
        response.Headers.Location = $"/v2/{request.Repository}/manifests/{manifest.Digest}";
        response.Headers[HeaderNames.DockerContentDigest] = manifest.Digest.ToString();
        response.Headers.ETag = EntityTags.Of(manifest.Digest);
        if (manifest.Subject is { } subject) response.Headers[HeaderNames.OciSubject] = subject.ToString();
        if (target.Digest is not null && target.Tags.Count > 0) response.Headers[HeaderNames.OciTag] = string.Join(", ", target.Tags);
        response.ContentLength = 0;
        return Task.CompletedTask;
    }

    private async Task DeleteAsync(OciRequest request)
    {
        if (!Reference.TryParse(request.Reference, out var reference))
        {
            await ErrorResponse.WriteAsync(request.Http, NoReference(request.Reference)).ConfigureAwait(false);
            return;
        }

        var command = new DeleteReference(reference, EntityTags.PreconditionOf(request.Http.Request), request.Origin);
        var outcome = await repositories.Of(request.Repository).DeleteAsync(command, request.Aborted).ConfigureAwait(false);
        await WriteAnswers.DeletedAsync(request.Http, outcome).ConfigureAwait(false);
    }

    // A text that cannot be a tag names nothing; one that was meant as a digest is reported as invalid.
    private static RegistryError NoReference(string reference) => reference.Contains(':')
        ? DigestFaults.NotADigest(reference)
        : RegistryError.Of(ErrorCode.ManifestUnknown, null, ("reference", reference));
}
