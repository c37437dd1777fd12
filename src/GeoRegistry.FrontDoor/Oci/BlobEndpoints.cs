using GeoRegistry.FrontDoor.Errors;
using GeoRegistry.FrontDoor.Http;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Errors;
using GeoRegistry.Repositories;
using GeoRegistry.Repositories.Blobs;
using GeoRegistry.Repositories.Metrics;
using GeoRegistry.Repositories.Writes;
using Microsoft.AspNetCore.Http;

namespace GeoRegistry.FrontDoor.Oci;

/// <summary>Blobs by digest.</summary>
/// <remarks>Source: OCI Distribution Spec v1.1 §Pulling blobs, §Checking if content exists in the registry, §Deleting Blobs.</remarks>
internal sealed class BlobEndpoints(RepositoryBlobs blobs, RepositoryDirectory repositories)
{
    /// <summary>How much is read at a time, straight into the response's memory: fewer and larger reads than the server's own copying makes.</summary>
    private const int ReadBytes = 256 * 1024;

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
            if (EntityTags.ClientHas(http.Request, digest)) http.Response.StatusCode = StatusCodes.Status304NotModified;
            else await SendAsync(http, digest, content).ConfigureAwait(false);
        }
    }

    private async Task HeadAsync(OciRequest request, Digest digest)
    {
        var http = request.Http;
        if (await blobs.FindAsync(request.Repository, digest, request.Aborted).ConfigureAwait(false) is not { } sizeBytes)
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
        var outcome = await repositories.Of(request.Repository).DeleteBlobAsync(new DeleteBlob(digest, Actor: ""), request.Aborted).ConfigureAwait(false);
        await WriteAnswers.DeletedAsync(request.Http, outcome).ConfigureAwait(false);
    }

    private static async Task SendAsync(HttpContext http, Digest digest, BlobContent content)
    {
        var range = EntityTags.RangeApplies(http.Request, digest)
            ? ByteRange.Parse(http.Request.Headers.Range, content.SizeBytes)
            : new ByteRange(ByteRangeKind.Whole, 0, content.SizeBytes);
        var response = http.Response;
        switch (range.Kind)
        {
            case ByteRangeKind.Unsatisfiable:
                response.Headers.ContentRange = $"bytes */{content.SizeBytes}";
                var error = RegistryError.Of(ErrorCode.SizeInvalid, $"The blob has {content.SizeBytes} bytes; the range asks for others.") with { Status = 416 };
                await ErrorResponse.WriteAsync(http, error).ConfigureAwait(false);
                return;
            case ByteRangeKind.Part:
                response.StatusCode = StatusCodes.Status206PartialContent;
                response.Headers.ContentRange = $"bytes {range.Offset}-{range.Offset + range.LengthBytes - 1}/{content.SizeBytes}";
                break;
        }

        response.ContentLength = range.LengthBytes;
        if (content.Bytes is { } bytes)
            await response.BodyWriter.WriteAsync(bytes.Slice((int)range.Offset, (int)range.LengthBytes), http.RequestAborted).ConfigureAwait(false);
        else
            await StreamAsync(http, content, range.Offset, range.LengthBytes).ConfigureAwait(false);
        RegistryMetrics.Sent(range.LengthBytes);
    }

    private static async Task StreamAsync(HttpContext http, BlobContent content, long offset, long lengthBytes)
    {
        var writer = http.Response.BodyWriter;
        for (var end = offset + lengthBytes; offset < end;)
        {
            var memory = writer.GetMemory((int)Math.Min(ReadBytes, end - offset));
            var read = await content.ReadAsync(offset, memory[..(int)Math.Min(memory.Length, end - offset)], http.RequestAborted).ConfigureAwait(false);
            if (read == 0) throw new EndOfStreamException("The blob is shorter than the store says.");
            writer.Advance(read);
            offset += read;
            if ((await writer.FlushAsync(http.RequestAborted).ConfigureAwait(false)).IsCompleted) return;
        }
    }

    private static void Describe(HttpResponse response, Digest digest)
    {
        response.ContentType = "application/octet-stream";
        response.Headers.ETag = EntityTags.Of(digest);
        response.Headers[HeaderNames.DockerContentDigest] = digest.ToString();
        response.Headers.AcceptRanges = "bytes";
        response.Headers.CacheControl = Immutable;
    }

    private static RegistryError Unknown(Digest digest) => RegistryError.Of(ErrorCode.BlobUnknown, null, ("digest", digest.ToString()));
}
