using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Manifests;

namespace GeoRegistry.Cluster.Tests.Load;

/// <summary>A client in one region: pushes and pulls as container tools do, and believes no digest that it has not computed.</summary>
internal sealed class RegionClient(string region, HttpClient http)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };

    public string Region => region;

    /// <summary>Pushes all blobs that are not there yet, the children of an index, and then the manifest under a reference.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="reference">A tag; null for the digest.</param>
    /// <param name="image">What is pushed.</param>
    /// <param name="durability">What is asked for this push; null for the policy's.</param>
    /// <param name="looksFirst">Whether it asks for each blob before it uploads it.</param>
    /// <returns>The answer to the last manifest, which may be a refusal.</returns>
    public async Task<Answer> TryPushAsync(string repository, string? reference, TestImage image,
        string? durability = null, bool looksFirst = true)
    {
        foreach (var blob in image.Blobs) await PushBlobAsync(repository, blob, looksFirst);
        foreach (var child in image.Children) await PushAsync(repository, null, child, looksFirst: looksFirst);
        return await PutManifestAsync(repository, reference, image, headers => headers.Durability(durability));
    }

    public async Task<Answer> PushAsync(string repository, string? reference, TestImage image, string? durability = null,
        bool looksFirst = true) =>
        (await TryPushAsync(repository, reference, image, durability, looksFirst)).Expect(HttpStatusCode.Created);

    /// <summary>Puts a manifest whose content was pushed before.</summary>
    public Task<Answer> PutManifestAsync(
        string repository,
        string? reference,
        TestImage image,
        Action<HttpRequestHeaders>? headers = null,
        CancellationToken cancellation = default)
    {
        var content = new ByteArrayContent(image.Manifest);
        content.Headers.ContentType = new MediaTypeHeaderValue(image.MediaType);
        return SendAsync(HttpMethod.Put, $"/v2/{repository}/manifests/{reference ?? image.Digest}", content, headers, cancellation);
    }

    /// <summary>Pushes a blob, unless the registry has it.</summary>
    public async Task PushBlobAsync(string repository, Blob blob, bool looksFirst = true)
    {
        if (looksFirst
            && (await HeadBlobAsync(repository, blob.Digest)).Expect(HttpStatusCode.OK, HttpStatusCode.NotFound).Status
                == HttpStatusCode.OK)
        {
            return;
        }

        var location = (await BeginUploadAsync(repository)).Headers["Location"];
        (await CompleteUploadAsync(location, blob.Digest, blob.Bytes)).Expect(HttpStatusCode.Created);
    }

    public async Task<Answer> BeginUploadAsync(string repository) =>
        (await SendAsync(HttpMethod.Post, $"/v2/{repository}/blobs/uploads/")).Expect(HttpStatusCode.Accepted);

    /// <summary>Mounts a blob of another repository; 202 where it is not known there.</summary>
    public Task<Answer> MountAsync(string repository, string digest, string from) =>
        SendAsync(HttpMethod.Post, $"/v2/{repository}/blobs/uploads/?mount={digest}&from={from}");

    /// <summary>Sends a chunk that begins at an offset of the blob.</summary>
    public Task<Answer> PatchAsync(string location, ReadOnlyMemory<byte> chunk, int offset)
    {
        var content = new ReadOnlyMemoryContent(chunk);
        content.Headers.TryAddWithoutValidation("Content-Range", $"{offset}-{offset + chunk.Length - 1}");
        return SendAsync(HttpMethod.Patch, PathOf(location), content);
    }

    /// <summary>Ends an upload, with the blob's last bytes where there are any.</summary>
    public Task<Answer> CompleteUploadAsync(string location, string digest, ReadOnlyMemory<byte> last = default)
    {
        var path = PathOf(location);
        return SendAsync(HttpMethod.Put, $"{path}{(path.Contains('?') ? '&' : '?')}digest={digest}", new ReadOnlyMemoryContent(last));
    }

    public Task<Answer> HeadBlobAsync(string repository, string digest) => SendAsync(HttpMethod.Head, $"/v2/{repository}/blobs/{digest}");

    public Task<Answer> HeadManifestAsync(string repository, string reference) =>
        SendAsync(HttpMethod.Head, $"/v2/{repository}/manifests/{reference}");

    public Task<Answer> GetBlobAsync(string repository, string digest, CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Get, $"/v2/{repository}/blobs/{digest}", cancellation: cancellation);

    public Task<Answer> GetManifestAsync(string repository, string reference) =>
        SendAsync(HttpMethod.Get, $"/v2/{repository}/manifests/{reference}");

    public Task<Answer> DeleteManifestAsync(string repository, string reference, Action<HttpRequestHeaders>? headers = null) =>
        SendAsync(HttpMethod.Delete, $"/v2/{repository}/manifests/{reference}", headers: headers);

    public Task<Answer> DeleteBlobAsync(string repository, string digest) =>
        SendAsync(HttpMethod.Delete, $"/v2/{repository}/blobs/{digest}");

    /// <summary>Pulls a blob; what it answers has the digest.</summary>
    public async Task<byte[]> PullBlobAsync(string repository, string digest)
    {
        var answer = (await GetBlobAsync(repository, digest)).Expect(HttpStatusCode.OK);
        AssertDigest(answer, digest);
        return answer.Body;
    }

    /// <summary>Pulls a manifest and all it names.</summary>
    /// <returns>The manifest's digest.</returns>
    public async Task<string> PullAsync(string repository, string reference)
    {
        var answer = (await GetManifestAsync(repository, reference)).Expect(HttpStatusCode.OK);
        var digest = answer.Digest ?? throw new AnswerException(answer);
        AssertDigest(answer, digest);
        if (reference.Contains(':')) Assert.Equal(reference, digest);
        foreach (var (named, isManifest) in NamedBy(answer.Body))
        {
            if (isManifest) await PullAsync(repository, named);
            else await PullBlobAsync(repository, named);
        }

        return digest;
    }

    /// <summary>Pulls what a reference should be, by it and by digest, and compares every byte.</summary>
    public async Task PullExactlyAsync(string repository, string reference, TestImage expected)
    {
        var manifest = (await GetManifestAsync(repository, reference)).Expect(HttpStatusCode.OK);
        Assert.True(
            expected.Digest == manifest.Digest,
            $"{region} answers {repository}:{reference} with {manifest.Digest}; {expected.Digest} was pushed. "
            + $"Warning: {manifest.Warning}");
        Assert.Equal(expected.Manifest, manifest.Body);
        if (reference != expected.Digest)
            Assert.Equal(expected.Manifest, (await GetManifestAsync(repository, expected.Digest)).Expect(HttpStatusCode.OK).Body);
        foreach (var blob in expected.Blobs) await PullBlobAsync(repository, blob.Digest);
        foreach (var child in expected.Children) await PullExactlyAsync(repository, child.Digest, child);
    }

    public async Task<T> GetJsonAsync<T>(string path)
    {
        using var response = await http.GetAsync(path);
        if (!response.IsSuccessStatusCode) throw new AnswerException(await Answer.ReadAsync(response));
        return (await response.Content.ReadFromJsonAsync<T>(Json))!;
    }

    public async Task<T> PostAsync<T>(string path)
    {
        using var response = await http.PostAsync(path, null);
        if (!response.IsSuccessStatusCode) throw new AnswerException(await Answer.ReadAsync(response));
        return (await response.Content.ReadFromJsonAsync<T>(Json))!;
    }

    public async Task<Answer> SendAsync(
        HttpMethod method,
        string path,
        HttpContent? content = null,
        Action<HttpRequestHeaders>? headers = null,
        CancellationToken cancellation = default)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        headers?.Invoke(request.Headers);
        return await Answer.ReadAsync(await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation), cancellation);
    }

    private static void AssertDigest(Answer answer, string digest) =>
        Assert.True(Digest.Of(answer.Body).ToString() == digest,
            $"{answer.Request} was answered with {answer.Body.Length} bytes that have another digest");

    // A balancer, or this test, may send the next request elsewhere: only the path matters.
    private static string PathOf(string location) =>
        Uri.TryCreate(location, UriKind.Absolute, out var absolute) && absolute.Scheme != "file" ? absolute.PathAndQuery : location;

    /// <summary>What a manifest names.</summary>
    public static IEnumerable<(string Digest, bool IsManifest)> NamedBy(byte[] manifest)
    {
        using var json = JsonDocument.Parse(manifest);
        List<(string, bool)> named = [];
        if (json.RootElement.TryGetProperty("config", out var config)) Add(config);
        foreach (var list in new[] { "layers", "manifests" })
        {
            if (!json.RootElement.TryGetProperty(list, out var descriptors)) continue;
            foreach (var descriptor in descriptors.EnumerateArray()) Add(descriptor);
        }

        return named;

        void Add(JsonElement descriptor) => named.Add((
            descriptor.GetProperty("digest").GetString()!,
            descriptor.GetProperty("mediaType").GetString() is MediaTypes.OciImageManifest or MediaTypes.OciImageIndex
                or MediaTypes.DockerManifest or MediaTypes.DockerManifestList));
    }
}
