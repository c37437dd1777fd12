namespace GeoRegistry.FrontDoor.Tests.Wire;

/// <summary>A client of one repository. What returns an <see cref="Answer"/> sends one request; the others expect success.</summary>
internal sealed class RepositoryClient(RegistryClient registry, string name)
{
    public string Name { get; } = name;

    public string Path(string rest) => $"/v2/{Name}/{rest}";

    public string ManifestPath(string reference) => Path($"manifests/{reference}");

    public string BlobPath(string digest) => Path($"blobs/{digest}");

    public Task<Answer> SendAsync(
        HttpMethod method, string rest, HttpContent? body = null, params (string Name, string Value)[] headers) =>
        registry.SendAsync(method, Path(rest), body, headers);

    public Task<Answer> GetAsync(string rest, params (string Name, string Value)[] headers) => registry.GetAsync(Path(rest), headers);

    public Task<Answer> GetBlobAsync(string digest, params (string Name, string Value)[] headers) => GetAsync($"blobs/{digest}", headers);

    public Task<Answer> HeadBlobAsync(string digest) => SendAsync(Head, $"blobs/{digest}");

    public Task<Answer> DeleteBlobAsync(string digest) => SendAsync(Delete, $"blobs/{digest}");

    public Task<Answer> GetManifestAsync(string reference, params (string Name, string Value)[] headers) =>
        GetAsync($"manifests/{reference}", headers);

    public Task<Answer> HeadManifestAsync(string reference) => SendAsync(Head, $"manifests/{reference}");

    public Task<Answer> DeleteManifestAsync(string reference, params (string Name, string Value)[] headers) =>
        SendAsync(Delete, $"manifests/{reference}", null, headers);

    /// <summary>Pushes under a tag or digest, which a query may follow.</summary>
    public Task<Answer> PutManifestAsync(string reference, ManifestContent manifest, params (string Name, string Value)[] headers) =>
        SendAsync(Put, $"manifests/{reference}", Body.Of(manifest.Bytes, manifest.MediaType), headers);

    public Task<Answer> PostUploadAsync(string query = "", HttpContent? body = null) => SendAsync(Post, $"blobs/uploads/{query}", body);

    public async Task<UploadSession> StartUploadAsync(string query = "") =>
        new(registry, (await PostUploadAsync(query)).Expect(202).Location);

    /// <summary>Pushes a blob by POST and PUT.</summary>
    public async Task<Blob> PushBlobAsync(Blob? blob = null)
    {
        blob ??= Blob.Random();
        (await (await StartUploadAsync()).CloseAsync(blob.Digest, blob.Bytes)).Expect(201);
        return blob;
    }

    /// <summary>Pushes the blobs of an image, and not yet its manifest.</summary>
    public async Task<ManifestContent> PrepareImageAsync(ManifestEdit? edit = null)
    {
        var config = await PushBlobAsync(Blob.Config());
        var layer = await PushBlobAsync(Blob.Random());
        return ManifestContent.Image(config, [layer], edit);
    }

    /// <summary>Pushes a new image under a tag, or by its digest where no tag is given.</summary>
    public async Task<ManifestContent> PushImageAsync(string? tag = null, ManifestEdit? edit = null) =>
        await PushAsync(await PrepareImageAsync(edit), tag);

    /// <summary>Pushes a manifest under a tag, or by its digest where no tag is given.</summary>
    public async Task<ManifestContent> PushAsync(ManifestContent manifest, string? tag = null)
    {
        (await PutManifestAsync(tag ?? manifest.Digest, manifest)).Expect(201);
        return manifest;
    }

    public async Task<string[]> TagsAsync() => Strings((await GetAsync("tags/list")).Expect(200), "tags");

    public static string[] Strings(Answer answer, string field) =>
        [.. answer.Json.GetProperty(field).EnumerateArray().Select(item => item.GetString()!)];
}
