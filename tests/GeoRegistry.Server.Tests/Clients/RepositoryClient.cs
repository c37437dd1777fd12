using System.Net;
using System.Net.Http.Headers;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Manifests;

namespace GeoRegistry.Server.Tests.Clients;

/// <summary>One repository of a server, as a client pushes to it and pulls from it.</summary>
internal sealed class RepositoryClient(HttpClient http, string name)
{
    public Task<Answer> BeginUploadAsync() => SendAsync(HttpMethod.Post, $"/v2/{name}/blobs/uploads/");

    public Task<Answer> UploadStatusAsync(string location) => SendAsync(HttpMethod.Get, location);

    /// <summary>Sends a chunk; <paramref name="first"/> is its offset in the blob.</summary>
    public Task<Answer> PatchAsync(string location, HttpContent chunk, long first)
    {
        var length = chunk.Headers.ContentLength!.Value;
        chunk.Headers.TryAddWithoutValidation("Content-Range", $"{first}-{first + length - 1}");
        return SendAsync(HttpMethod.Patch, location, chunk);
    }

    public Task<Answer> CompleteAsync(string location, Digest digest, HttpContent? last = null) =>
        SendAsync(HttpMethod.Put, $"{location}?digest={digest}", last);

    public Task<Answer> PushBlobAsync(Digest digest, HttpContent content) =>
        SendAsync(HttpMethod.Post, $"/v2/{name}/blobs/uploads/?digest={digest}", content);

    public async Task<Digest> PushBlobAsync(byte[] content)
    {
        var digest = Digest.Of(content);
        (await PushBlobAsync(digest, new ByteArrayContent(content))).Expect(HttpStatusCode.Created);
        return digest;
    }

    public Task<Answer> GetBlobAsync(Digest digest) => SendAsync(HttpMethod.Get, BlobPath(digest));

    public string BlobPath(Digest digest) => $"/v2/{name}/blobs/{digest}";

    public Task<Answer> DeleteBlobAsync(Digest digest) => SendAsync(HttpMethod.Delete, BlobPath(digest));

    public Task<Answer> GetManifestAsync(string reference) => SendAsync(HttpMethod.Get, $"/v2/{name}/manifests/{reference}");

    public Task<Answer> DeleteManifestAsync(string reference) => SendAsync(HttpMethod.Delete, $"/v2/{name}/manifests/{reference}");

    public Task<Answer> ListTagsAsync() => SendAsync(HttpMethod.Get, $"/v2/{name}/tags/list");

    /// <summary>Pushes a manifest under a tag, or a digest with any number of tags.</summary>
    public Task<Answer> PutManifestAsync(
        string reference, byte[] manifest, IEnumerable<string>? tags = null, Action<HttpRequestHeaders>? condition = null)
    {
        var content = new ByteArrayContent(manifest);
        content.Headers.ContentType = new MediaTypeHeaderValue(MediaTypes.OciImageManifest);
        var query = string.Join('&', (tags ?? []).Select(tag => $"tag={tag}"));
        return SendAsync(HttpMethod.Put, $"/v2/{name}/manifests/{reference}{(query.Length == 0 ? "" : "?" + query)}", content, condition);
    }

    private async Task<Answer> SendAsync(HttpMethod method, string path, HttpContent? content = null,
        Action<HttpRequestHeaders>? condition = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        condition?.Invoke(request.Headers);
        return await Answer.ReadAsync(await http.SendAsync(request));
    }
}
