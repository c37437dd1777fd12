using System.Text.Json;
using System.Text.Json.Nodes;

namespace GeoRegistry.FrontDoor.Tests.Manifests;

[Endpoint("end-7a")]
public sealed class ManifestReferencesTests(RegistryFixture registry) : ConformanceTest(registry)
{
    private const string Unknown =
        "When a manifest is rejected for this reason, it MUST result in one or more MANIFEST_BLOB_UNKNOWN errors";

    [Fact]
    [Clause("Push", Must, Unknown)]
    public async Task Put_WithAnUnknownConfig_NamesIt()
    {
        var repository = NewRepository();
        var (config, layer) = (Blob.Random(), await repository.PushBlobAsync());
        await AssertUnknownAsync(repository, ManifestContent.Image(config, [layer]), config.Digest);
    }

    [Fact]
    [Clause("Push", Must, Unknown)]
    public async Task Put_WithAnUnknownLayer_NamesIt()
    {
        var repository = NewRepository();
        var (config, layer, unknown) = (await repository.PushBlobAsync(Blob.Config()), await repository.PushBlobAsync(), Blob.Random());
        await AssertUnknownAsync(repository, ManifestContent.Image(config, [layer, unknown]), unknown.Digest);
    }

    [Fact]
    [Clause("Push", Must, Unknown)]
    public async Task Put_WithAnotherRepositorysLayer_NamesIt()
    {
        var (repository, other) = (NewRepository(), NewRepository());
        var (config, theirs) = (await repository.PushBlobAsync(Blob.Config()), await other.PushBlobAsync());
        await AssertUnknownAsync(repository, ManifestContent.Image(config, [theirs]), theirs.Digest);
    }

    [Fact]
    [Clause("Push", Must, Unknown)]
    public async Task Put_OfAnIndexWithAnUnknownChild_NamesIt()
    {
        var (repository, other) = (NewRepository(), NewRepository());
        var (known, theirs) = (await repository.PushImageAsync(), await other.PushImageAsync());
        await AssertUnknownAsync(repository, ManifestContent.Index([known, theirs]), theirs.Digest);
    }

    [Fact]
    [Clause("Push", Must, Unknown)]
    public async Task Put_WithSeveralUnknown_AnswersAtLeastOneError()
    {
        var repository = NewRepository();
        var (config, layer) = (Blob.Random(), Blob.Random());
        var answer = await repository.PutManifestAsync("v1", ManifestContent.Image(config, [layer]));
        answer.ExpectError(404, "MANIFEST_BLOB_UNKNOWN");
        Assert.All(
            answer.Json.GetProperty("errors").EnumerateArray(),
            error => Assert.Equal("MANIFEST_BLOB_UNKNOWN", error.GetProperty("code").GetString()));
        Assert.Contains(config.Digest, answer.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(MediaType.NondistributableLayer)]
    [InlineData(MediaType.DockerForeignLayer)]
    [Clause("GeoRegistry: manifests", Promise, "A layer that may not be distributed need not be there")]
    public async Task Put_WithAForeignLayer_IsAccepted(string mediaType)
    {
        var repository = NewRepository();
        var foreign = Descriptor.Of(mediaType, Blob.UnknownDigest(), 123456);
        foreign["urls"] = new JsonArray("https://layers.example.com/1");
        var image = await repository.PrepareImageAsync(manifest => manifest["layers"]!.AsArray().Add(foreign));
        (await repository.PutManifestAsync("v1", image)).Expect(201);
    }

    [Fact]
    [Clause("GeoRegistry: manifests", Promise, "A child of an index may be a blob, as build caches list layers there")]
    public async Task Put_OfAnIndexThatListsABlob_IsAccepted()
    {
        var repository = NewRepository();
        var layer = await repository.PushBlobAsync();
        var index = ManifestContent.Index([], manifest => manifest["manifests"]!.AsArray().Add(layer.Descriptor()));
        (await repository.PutManifestAsync("cache", index)).Expect(201);
    }

    [Fact]
    [Clause("GeoRegistry: manifests", Promise, "Indexes may list indexes")]
    public async Task Put_OfAnIndexOfIndexes_IsAccepted()
    {
        var repository = NewRepository();
        var inner = await repository.PushAsync(
            ManifestContent.Index([await repository.PushImageAsync(), await repository.PushImageAsync()]));
        await repository.PushAsync(ManifestContent.Index([inner]), "nested");
        (await repository.HeadManifestAsync(inner.Digest)).Expect(200);
    }

    [Fact]
    [Clause("GeoRegistry: manifests", Promise, "The data field of a descriptor is another field that is kept")]
    public async Task Put_WithDataInADescriptor_KeepsIt()
    {
        var repository = NewRepository();
        var image = await repository.PushImageAsync(
            "v1", manifest => manifest["config"]!["data"] = Convert.ToBase64String(Blob.Config().Bytes));
        Assert.Equal(image.Text, (await repository.GetManifestAsync("v1")).Expect(200).Text);
    }

    [Theory]
    [InlineData("config", 1)]
    [InlineData("config", -1)]
    [InlineData("layer", 1)]
    [InlineData("layer", -512)]
    [Clause("GeoRegistry: manifests", Promise, "A descriptor of another size than its blob answers SIZE_INVALID")]
    public async Task Put_WithABlobsSizeWrong_AnswersSizeInvalid(string which, int difference)
    {
        var repository = NewRepository();
        var image = await repository.PrepareImageAsync(manifest =>
        {
            var descriptor = which == "config" ? manifest["config"]! : manifest["layers"]![0]!;
            descriptor["size"] = descriptor["size"]!.GetValue<long>() + difference;
        });
        await AssertSizeInvalidAsync(repository, image);
    }

    [Fact]
    [Clause("GeoRegistry: manifests", Promise, "A descriptor of another size than its manifest answers SIZE_INVALID")]
    public async Task Put_WithAChildsSizeWrong_AnswersSizeInvalid()
    {
        var repository = NewRepository();
        var child = await repository.PushImageAsync();
        await AssertSizeInvalidAsync(
            repository, ManifestContent.Index([child], manifest => manifest["manifests"]![0]!["size"] = child.Bytes.Length + 1));
    }

    private static async Task AssertUnknownAsync(RepositoryClient repository, ManifestContent manifest, string digest)
    {
        var detail = (await repository.PutManifestAsync("v1", manifest)).ExpectError(404, "MANIFEST_BLOB_UNKNOWN");
        Assert.NotEqual(JsonValueKind.Undefined, detail.ValueKind);
        Assert.Contains(digest, detail.GetRawText(), StringComparison.Ordinal);
        await AssertNotStoredAsync(repository, manifest);
    }

    private static async Task AssertSizeInvalidAsync(RepositoryClient repository, ManifestContent manifest)
    {
        (await repository.PutManifestAsync("v1", manifest)).ExpectError(400, "SIZE_INVALID");
        await AssertNotStoredAsync(repository, manifest);
    }

    private static async Task AssertNotStoredAsync(RepositoryClient repository, ManifestContent manifest)
    {
        (await repository.HeadManifestAsync("v1")).Expect(404);
        (await repository.HeadManifestAsync(manifest.Digest)).Expect(404);
    }
}
