using System.Globalization;
using GeoRegistry.FrontDoor.Errors;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Errors;
using GeoRegistry.Repositories.Blobs;
using GeoRegistry.Repositories.Uploads;
using Microsoft.AspNetCore.Http;

namespace GeoRegistry.FrontDoor.Oci;

/// <summary>Blob uploads: sessions, chunks, and mounts.</summary>
/// <remarks>Source: OCI Distribution Spec v1.1 §Pushing blobs, §Cancel a blob upload, §Mounting a blob from another repository.</remarks>
internal sealed class UploadEndpoints(UploadSessions sessions, RepositoryBlobs blobs)
{
    /// <summary>One less than the largest number, so that lengths of ranges are numbers too.</summary>
    private const long MaxOffset = long.MaxValue - 1;

    public IEnumerable<OciEndpoint> Routes =>
    [
        new(OciResource.Uploads, HttpMethods.Post, PostAsync),
        new(OciResource.Upload, HttpMethods.Get, GetAsync),
        new(OciResource.Upload, HttpMethods.Head, GetAsync),
        new(OciResource.Upload, HttpMethods.Patch, PatchAsync),
        new(OciResource.Upload, HttpMethods.Put, PutAsync),
        new(OciResource.Upload, HttpMethods.Delete, DeleteAsync),
    ];

    private async Task PostAsync(OciRequest request)
    {
        var query = UploadQuery.Parse(request.Http.Request, out var fault);
        if (fault is not null)
        {
            await ErrorResponse.WriteAsync(request.Http, fault).ConfigureAwait(false);
            return;
        }

        if (query.Mount is { } mount && await TryMountAsync(request, mount, query).ConfigureAwait(false))
        {
            AnswerCreated(request, mount);
            return;
        }

        if (await sessions.BeginAsync(request.Repository, query.Algorithm, request.Aborted).ConfigureAwait(false) is not { } id)
        {
            await ErrorResponse.WriteAsync(request.Http, TooMany).ConfigureAwait(false);
            return;
        }

        if (query.Digest is not { } digest)
        {
            AnswerOpen(request, id, 0, StatusCodes.Status202Accepted);
            return;
        }

        // A single POST has no session that could be resumed: an incomplete upload is removed.
        var outcome = (UploadOutcome?)null;
        try
        {
            outcome = await sessions.CompleteAsync(request.Repository, id, WholeBody(request), digest,
                request.Aborted).ConfigureAwait(false);
            await AnswerAsync(request, id, outcome, StatusCodes.Status201Created).ConfigureAwait(false);
        }
        finally
        {
            if (outcome is not UploadOutcome.Completed)
                await sessions.CancelAsync(request.Repository, id, CancellationToken.None).ConfigureAwait(false);
        }
    }

    private Task GetAsync(OciRequest request) => UseAsync(
        request, StatusCodes.Status204NoContent, id => sessions.StatusAsync(request.Repository, id, request.Aborted));

    private async Task PatchAsync(OciRequest request)
    {
        if (!TryChunk(request, out var chunk)) await ErrorResponse.WriteAsync(request.Http, MalformedRange(request)).ConfigureAwait(false);
        else await UseAsync(
            request,
            StatusCodes.Status202Accepted,
            id => sessions.AppendAsync(request.Repository, id, chunk, request.Aborted)).ConfigureAwait(false);
    }

    private async Task PutAsync(OciRequest request)
    {
        var given = request.Http.Request.Query["digest"].ToString();
        if (!Digest.TryParse(given, out var digest))
            await ErrorResponse.WriteAsync(request.Http, DigestFaults.NotADigest(given)).ConfigureAwait(false);
        else if (!TryChunk(request, out var chunk))
            await ErrorResponse.WriteAsync(request.Http, MalformedRange(request)).ConfigureAwait(false);
        else
            await UseAsync(
                request,
                StatusCodes.Status201Created,
                id => sessions.CompleteAsync(request.Repository, id, chunk, digest, request.Aborted)).ConfigureAwait(false);
    }

    private Task DeleteAsync(OciRequest request) => UseAsync(
        request, StatusCodes.Status204NoContent, id => sessions.CancelAsync(request.Repository, id, request.Aborted));

    private async Task<bool> TryMountAsync(OciRequest request, Digest digest, UploadQuery query)
    {
        if (!query.HasFrom) return await blobs.MountAsync(request.Repository, digest, from: null, request.Aborted).ConfigureAwait(false);
        return query.From is { } from && await blobs.MountAsync(request.Repository, digest, from, request.Aborted).ConfigureAwait(false);
    }

    private static async Task UseAsync(OciRequest request, int status, Func<UploadId, Task<UploadOutcome>> use)
    {
        var outcome = UploadId.TryParse(request.Reference, out var id)
            ? await use(id).ConfigureAwait(false)
            : new UploadOutcome.Refused(RegistryError.Of(ErrorCode.BlobUploadUnknown, null, ("upload", request.Reference)));
        await AnswerAsync(request, id, outcome, status).ConfigureAwait(false);
    }

    private static Task AnswerAsync(OciRequest request, UploadId id, UploadOutcome outcome, int status)
    {
        switch (outcome)
        {
            case UploadOutcome.Open(var sizeBytes):
                AnswerOpen(request, id, sizeBytes, status);
                return Task.CompletedTask;
            case UploadOutcome.Completed(var digest, _):
                AnswerCreated(request, digest);
                return Task.CompletedTask;
            case UploadOutcome.Cancelled:
                request.Http.Response.StatusCode = status;
                return Task.CompletedTask;
            case UploadOutcome.Refused(var error, var sizeBytes):
                if (sizeBytes is { } goOnFrom) AddPlace(request, id, goOnFrom);
                return ErrorResponse.WriteAsync(request.Http, error);
            default:
                throw new InvalidOperationException($"{outcome.GetType().Name} has no answer.");
        }
    }

    private static void AnswerOpen(OciRequest request, UploadId id, long sizeBytes, int status)
    {
        var response = request.Http.Response;
        response.StatusCode = status;
        AddPlace(request, id, sizeBytes);
        if (status != StatusCodes.Status204NoContent) response.ContentLength = 0;
    }

    // Where to send what, and how much is there. An upload without bytes is said to have the range 0-0, as clients expect from the time
    // before the specification.
    private static void AddPlace(OciRequest request, UploadId id, long sizeBytes)
    {
        var headers = request.Http.Response.Headers;
        headers.Location = $"/v2/{request.Repository}/blobs/uploads/{id}";
        headers.Range = $"0-{Math.Max(0, sizeBytes - 1)}";
        headers[HeaderNames.DockerUploadUuid] = id.Session.ToString();
    }

    private static void AnswerCreated(OciRequest request, Digest digest)
    {
        var response = request.Http.Response;
        response.StatusCode = StatusCodes.Status201Created;
        response.Headers.Location = $"/v2/{request.Repository}/blobs/{digest}";
        response.Headers[HeaderNames.DockerContentDigest] = digest.ToString();
        response.ContentLength = 0;
    }

    private static UploadChunk WholeBody(OciRequest request) => new(request.Http.Request.Body, null, request.Http.Request.ContentLength);

    /// <summary>Reads the chunk's range: two offsets, both included, without a unit.</summary>
    /// <returns>Whether there is none or it has the form.</returns>
    private static bool TryChunk(OciRequest request, out UploadChunk chunk)
    {
        chunk = WholeBody(request);
        var header = request.Http.Request.Headers.ContentRange;
        if (header.Count == 0) return true;
        var parts = header.ToString().Split('-');
        if (parts.Length != 2 || !TryOffset(parts[0], out var first) || !TryOffset(parts[1], out var last) || last < first) return false;
        chunk = chunk with { Range = (first, last) };
        return true;
    }

    // What is beyond all numbers has the form too, and is where no upload has a byte.
    private static bool TryOffset(string text, out long offset)
    {
        offset = MaxOffset;
        if (text.Length == 0 || text.AsSpan().ContainsAnyExceptInRange('0', '9')) return false;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) offset = Math.Min(number, MaxOffset);
        return true;
    }

    private static readonly RegistryError TooMany = RegistryError.Of(
        ErrorCode.TooManyRequests, "Too many uploads are open in this region: try again when some have ended.");

    private static RegistryError MalformedRange(OciRequest request) => RegistryError.Of(
        ErrorCode.BlobUploadInvalid,
        $"Content-Range is two offsets with a dash between them, such as 0-1023, not '{request.Http.Request.Headers.ContentRange}'.");
}
