using System.Net;
using GeoRegistry.Protocol;
using GeoRegistry.Server.Tests.Clients;

namespace GeoRegistry.Server.Tests.PowerLoss;

/// <summary>Every kind of write that a server acknowledges, sent as clients send it. Every blob and manifest is another.</summary>
internal sealed class Pushes(int seed)
{
    private const int LayerBytes = 300_000;
    private const int ChunkBytes = 100_000;

    private readonly Random _random = new(seed);

    /// <summary>An upload that was begun on one server and is to be completed on the next.</summary>
    private (string Location, byte[] Content)? _unfinished;

    /// <summary>All kinds once, and images that are pushed at once; at the end an upload is left half sent.</summary>
    /// <param name="http">The server.</param>
    /// <param name="images">How many images.</param>
    public async Task RunAsync(HttpClient http, int images)
    {
        var client = new RepositoryClient(http, "team/app");
        await PushBlobAsync(client, DigestAlgorithm.Sha256, LayerBytes);
        await PushBlobAsync(client, DigestAlgorithm.Sha512, LayerBytes);
        await PushBlobAsync(client, DigestAlgorithm.Sha256, 0);
        await PushInChunksAsync(client);
        await PushSameAtOnceAsync(http);
        await MountAsync(http, client);
        await PushAndDeleteAsync(client);
        await Task.WhenAll(Enumerable.Range(0, images).Select(number => PushImageAsync(http, $"team/image{number % 4}", $"v{number}")));
        await BeginUploadAsync(client);
    }

    /// <summary>Completes the upload that was left, and pushes on.</summary>
    public async Task ResumeAsync(HttpClient http)
    {
        var client = new RepositoryClient(http, "team/app");
        var (location, content) = _unfinished!.Value;
        (await client.UploadStatusAsync(location)).Expect(HttpStatusCode.NoContent);
        (await client.CompleteAsync(location, Digest.Of(content), new ByteArrayContent(content[ChunkBytes..])))
            .Expect(HttpStatusCode.Created);
        await PushImageAsync(http, "team/after", "latest");
    }

    /// <summary>Pushes an image of two blobs by its digest with two tags, then by one more tag.</summary>
    public async Task PushImageAsync(HttpClient http, string repository, string tag)
    {
        var client = new RepositoryClient(http, repository);
        var (manifest, digest) = await PushBlobsOfImageAsync(client, tag);
        (await client.PutManifestAsync($"{digest}", manifest, [tag, $"{tag}-also"])).Expect(HttpStatusCode.Created);
        (await client.PutManifestAsync($"{tag}-too", manifest)).Expect(HttpStatusCode.Created);
    }

    private async Task<(byte[] Manifest, Digest Digest)> PushBlobsOfImageAsync(RepositoryClient client, string note)
    {
        var config = await PushBlobAsync(client, DigestAlgorithm.Sha256, 500);
        var layer = await PushBlobAsync(client, DigestAlgorithm.Sha256, 20_000);
        var manifest = ImageManifest.Of(note, (config, 500), (layer, 20_000));
        return (manifest, Digest.Of(manifest));
    }

    private async Task PushInChunksAsync(RepositoryClient client)
    {
        var content = NewContent(LayerBytes);
        var location = (await client.BeginUploadAsync()).Expect(HttpStatusCode.Accepted).Location!;
        (await client.PatchAsync(location, new ByteArrayContent(content[..ChunkBytes]), 0)).Expect(HttpStatusCode.Accepted);
        (await client.PatchAsync(location, new ByteArrayContent(content[ChunkBytes..^1]), ChunkBytes)).Expect(HttpStatusCode.Accepted);
        (await client.CompleteAsync(location, Digest.Of(content), new ByteArrayContent(content[^1..]))).Expect(HttpStatusCode.Created);
    }

    // Each of them may be answered while the other has renamed its file and not yet synced the folder.
    private async Task PushSameAtOnceAsync(HttpClient http)
    {
        var content = NewContent(LayerBytes);
        var uploads = new List<(RepositoryClient Client, string Location)>();
        for (var number = 0; number < 4; number++)
        {
            var client = new RepositoryClient(http, $"team/same{number}");
            var location = (await client.BeginUploadAsync()).Expect(HttpStatusCode.Accepted).Location!;
            (await client.PatchAsync(location, new ByteArrayContent(content), 0)).Expect(HttpStatusCode.Accepted);
            uploads.Add((client, location));
        }

        var answers = await Task.WhenAll(uploads.Select(upload => upload.Client.CompleteAsync(upload.Location, Digest.Of(content))));
        foreach (var answer in answers) answer.Expect(HttpStatusCode.Created);
    }

    private async Task MountAsync(HttpClient http, RepositoryClient source)
    {
        var digest = await PushBlobAsync(source, DigestAlgorithm.Sha256, ChunkBytes);
        var answer = await Answer.ReadAsync(await http.PostAsync($"/v2/team/mounted/blobs/uploads/?mount={digest}&from=team/app", null));
        answer.Expect(HttpStatusCode.Created);
    }

    private async Task PushAndDeleteAsync(RepositoryClient client)
    {
        var (manifest, digest) = await PushBlobsOfImageAsync(client, "deleted");
        (await client.PutManifestAsync($"{digest}", manifest, ["gone", "gone-with-it"])).Expect(HttpStatusCode.Created);
        (await client.DeleteManifestAsync("gone")).Expect(HttpStatusCode.Accepted);
        (await client.DeleteManifestAsync($"{digest}")).Expect(HttpStatusCode.Accepted);
        (await client.DeleteBlobAsync(await PushBlobAsync(client, DigestAlgorithm.Sha256, ChunkBytes))).Expect(HttpStatusCode.Accepted);
    }

    private async Task BeginUploadAsync(RepositoryClient client)
    {
        var content = NewContent(LayerBytes);
        var location = (await client.BeginUploadAsync()).Expect(HttpStatusCode.Accepted).Location!;
        (await client.PatchAsync(location, new ByteArrayContent(content[..ChunkBytes]), 0)).Expect(HttpStatusCode.Accepted);
        _unfinished = (location, content);
    }

    private async Task<Digest> PushBlobAsync(RepositoryClient client, DigestAlgorithm algorithm, int sizeBytes)
    {
        var content = NewContent(sizeBytes);
        var digest = Digest.Of(content, algorithm);
        (await client.PushBlobAsync(digest, new ByteArrayContent(content))).Expect(HttpStatusCode.Created);
        return digest;
    }

    private byte[] NewContent(int sizeBytes)
    {
        lock (_random) return new SeededBlob((ulong)_random.NextInt64(), sizeBytes).ToBytes();
    }
}
