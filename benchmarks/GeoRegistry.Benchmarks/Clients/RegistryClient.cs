using System.Net;
using GeoRegistry.Benchmarks.Content;

namespace GeoRegistry.Benchmarks.Clients;

/// <summary>Pushes as docker and skopeo do, over one connection, with the same requests to every registry.</summary>
/// <remarks>Source: OCI Distribution Spec v1.1 §Pushing a blob in chunks, streamed as one PATCH.</remarks>
internal sealed class RegistryClient(IPEndPoint address) : IDisposable
{
    private readonly HttpConnection _connection = new(address);

    public void Dispose() => _connection.Dispose();

    /// <summary>Pushes blobs that the registry does not have, then the manifest under a tag.</summary>
    public void Push(string repository, string tag, Image image)
    {
        PushBlob(repository, image.Config);
        foreach (var layer in image.Layers) PushBlob(repository, layer);
        PutManifest(repository, tag, image.Manifest);
    }

    /// <summary>Pushes a small image in the order of a client that first asks for all blobs.</summary>
    public void PushAskingFirst(string repository, string tag, Image image)
    {
        ExpectMissing(repository, image.Config.Digest);
        foreach (var layer in image.Layers) ExpectMissing(repository, layer.Digest);
        Push(repository, tag, image);
    }

    public void PushBlob(string repository, Blob blob) => PushBlob(repository, blob.Digest, ChunkedBody.Whole(blob.Content));

    /// <summary>POST, PATCH with a body that is in chunked transfer encoding already, PUT with the digest.</summary>
    public void PushBlob(string repository, string digest, params ReadOnlySpan<ReadOnlyMemory<byte>> chunkedBody)
    {
        var posted = Expect(202, "POST", $"/v2/{repository}/blobs/uploads/", "Content-Length: 0\r\n");
        const string streamed = "Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n";
        var patched = Expect(202, "PATCH", TargetOf(posted), streamed, chunkedBody);
        var target = TargetOf(patched);
        var separator = target.Contains('?') ? '&' : '?';
        Expect(201, "PUT", $"{target}{separator}digest={Uri.EscapeDataString(digest)}", "Content-Length: 0\r\n");
    }

    /// <summary>Puts a manifest under a tag or, by its digest, under the tags of a query.</summary>
    public void PutManifest(string repository, string referenceAndQuery, Blob manifest)
    {
        var headers = $"Content-Type: {Image.MediaType}\r\nContent-Length: {manifest.Content.Length}\r\n";
        Expect(201, "PUT", $"/v2/{repository}/manifests/{referenceAndQuery}", headers, manifest.Content);
    }

    /// <summary>Reads a blob and drops its bytes.</summary>
    public void ReadBlob(string repository, string digest) => Expect(200, "GET", $"/v2/{repository}/blobs/{digest}", "");

    private static string TargetOf(HttpAnswer answer)
    {
        var location = answer.Location ?? throw new IOException("The answer to an upload has no Location.");
        return location.StartsWith('/') ? location : new Uri(location).PathAndQuery;
    }

    private void ExpectMissing(string repository, string digest) => Expect(404, "HEAD", $"/v2/{repository}/blobs/{digest}", "");

    private HttpAnswer Expect(int status, string method, string target, string headers, params ReadOnlySpan<ReadOnlyMemory<byte>> body)
    {
        var answer = _connection.Send(method, target, headers, body);
        return answer.Status == status
            ? answer
            : throw new IOException($"{method} {target} answered {answer.Status}, not {status}.");
    }
}
