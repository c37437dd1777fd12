using System.Net;
using System.Net.Http.Headers;
using GeoRegistry.Protocol;
using GeoRegistry.Server.Tests.Clients;
using GeoRegistry.TestKit;

namespace GeoRegistry.Server.Tests.Stores;

/// <summary>A region whose blobs are in Azure Blob Storage, for which Azurite stands.</summary>
public sealed class AzureBlobsTests : IAsyncLifetime
{
    private const int ChunkBytes = 3_000_000;

    private readonly TemporaryFolder _folder = new();
    private AzuriteProcess _azurite = null!;

    public async Task InitializeAsync() => _azurite = await AzuriteProcess.StartAsync();

    public async Task DisposeAsync()
    {
        await _azurite.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Push_RestartOfTheServerInTheMiddle_IsPulledAfterAnotherOne()
    {
        var content = new byte[2 * ChunkBytes];
        new Random(1).NextBytes(content);
        var (layer, config) = (Digest.Of(content), "{}"u8.ToArray());
        string location;
        await using (var server = await StartAsync())
        {
            using var http = server.CreateClient();
            var repository = new RepositoryClient(http, "team/app");
            location = (await repository.BeginUploadAsync()).Expect(HttpStatusCode.Accepted).Location!;
            var chunk = await repository.PatchAsync(location, new ByteArrayContent(content, 0, ChunkBytes), 0);
            Assert.Equal($"0-{ChunkBytes - 1}", chunk.Expect(HttpStatusCode.Accepted).Range);
            await server.KillAsync();
        }

        await using (var server = await StartAsync())
        {
            using var http = server.CreateClient();
            var repository = new RepositoryClient(http, "team/app");
            Assert.Equal($"0-{ChunkBytes - 1}", (await repository.UploadStatusAsync(location)).Expect(HttpStatusCode.NoContent).Range);
            (await repository.PatchAsync(location, new ByteArrayContent(content, ChunkBytes, ChunkBytes), ChunkBytes))
                .Expect(HttpStatusCode.Accepted);
            (await repository.CompleteAsync(location, layer)).Expect(HttpStatusCode.Created);
            var manifest = ImageManifest.Of("azure", (await repository.PushBlobAsync(config), config.Length), (layer, content.Length));
            (await repository.PutManifestAsync("v1", manifest)).Expect(HttpStatusCode.Created);
            Assert.Equal(0, await server.StopAsync());
        }

        Assert.Empty(Directory.EnumerateFiles(_folder.Path, $"*{layer.Hex}*", SearchOption.AllDirectories));
        await using (var server = await StartAsync())
        {
            using var http = server.CreateClient();
            var repository = new RepositoryClient(http, "team/app");
            (await repository.GetManifestAsync("v1")).Expect(HttpStatusCode.OK);
            Assert.True((await repository.GetBlobAsync(layer)).Expect(HttpStatusCode.OK).Body.AsSpan().SequenceEqual(content));
            using var part = new HttpRequestMessage(HttpMethod.Get, repository.BlobPath(layer));
            part.Headers.Range = new RangeHeaderValue(1_000_000, 1_000_099);
            var answer = await Answer.ReadAsync(await http.SendAsync(part));
            Assert.Equal(content[1_000_000..1_000_100], answer.Expect(HttpStatusCode.PartialContent).Body);
        }
    }

    [Fact]
    public async Task Storage_IsAwayForAWhile_RequestsThatNeedItAreRefusedAndServedWhenItIsBack()
    {
        await using var server = await StartAsync();
        using var http = server.CreateClient();
        var repository = new RepositoryClient(http, "team/app");
        var (content, digest) = (new byte[300_000], Digest.Of(new byte[300_000])); // Too large for the memory of small blobs.
        await repository.PushBlobAsync(content);

        await _azurite.StopAsync();
        var pull = (await repository.GetBlobAsync(digest)).Expect(HttpStatusCode.ServiceUnavailable);
        Assert.Equal("UNAVAILABLE", pull.ErrorCode);
        Assert.Equal("UNAVAILABLE", (await repository.BeginUploadAsync()).Expect(HttpStatusCode.ServiceUnavailable).ErrorCode);
        var ready = await Answer.ReadAsync(await http.GetAsync(new Uri("/healthz/ready/push", UriKind.Relative)));
        ready.Expect(HttpStatusCode.ServiceUnavailable);
        await _azurite.RestartAsync();

        Assert.Equal(content, (await repository.GetBlobAsync(digest)).Expect(HttpStatusCode.OK).Body);
        await repository.PushBlobAsync("another"u8.ToArray());
        Assert.Contains("container blobs-of-eu: could not", server.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_ContainerOfAnotherRegion_IsRefused()
    {
        await using (await StartAsync())
        {
        }

        using var other = new TemporaryFolder();
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(
            () => RegistryProcess.StartAsync(other.Path, [.. Options, "--region", "us"]));

        Assert.Contains("is that of region eu: give region us one of its own", refused.Message, StringComparison.Ordinal);
    }

    private string[] Options =>
    [
        "--GeoRegistry:Azure:ConnectionString", _azurite.ConnectionString,
        "--GeoRegistry:Azure:Container", "blobs-of-eu",
        "--GeoRegistry:Azure:CreateContainer", "true",
    ];

    private Task<RegistryProcess> StartAsync() => RegistryProcess.StartAsync(_folder.Path, [.. Options, "--region", "eu"]);
}
