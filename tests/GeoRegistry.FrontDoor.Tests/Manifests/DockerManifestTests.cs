namespace GeoRegistry.FrontDoor.Tests.Manifests;

[Endpoint("end-3", "end-7a")]
public sealed class DockerManifestTests(RegistryFixture registry) : ConformanceTest(registry)
{
    private const string Legacy =
        "Examples of manifests are defined under the OCI Image Spec, such as the image manifest and image index (and legacy manifests)";

    [Fact]
    [Clause("Definitions", Promise, Legacy)]
    public async Task Put_OfADockerImage_IsServedAsPushed()
    {
        var repository = NewRepository();
        var image = await repository.PushAsync(await PrepareAsync(repository), "v1");
        Assert.Equal(
            image.Bytes,
            (await repository.GetManifestAsync("v1")).Expect(200).ExpectHeader("Content-Type", MediaType.DockerManifest).Body);
    }

    [Fact]
    [Clause("Definitions", Promise, Legacy)]
    public async Task Put_OfADockerManifestList_IsServedAsPushed()
    {
        var repository = NewRepository();
        var image = await repository.PushAsync(await PrepareAsync(repository));
        var list = await repository.PushAsync(ManifestContent.Index([image], mediaType: MediaType.DockerManifestList), "v1");
        Assert.Equal(
            list.Bytes,
            (await repository.GetManifestAsync("v1")).Expect(200).ExpectHeader("Content-Type", MediaType.DockerManifestList).Body);
    }

    [Fact]
    [Clause("Push", Must, "When a manifest is rejected for this reason, it MUST result in one or more MANIFEST_BLOB_UNKNOWN errors")]
    public async Task Put_OfADockerImageWithAnUnknownLayer_AnswersBlobUnknown()
    {
        var repository = NewRepository();
        var image = ManifestContent.Image(
            await PushConfigAsync(repository),
            [Blob.Random() with { MediaType = MediaType.DockerLayer }],
            mediaType: MediaType.DockerManifest);
        (await repository.PutManifestAsync("v1", image)).ExpectError(404, "MANIFEST_BLOB_UNKNOWN");
    }

    [Fact]
    [Clause("GeoRegistry: manifests", Promise, "A Docker manifest list may list OCI images")]
    public async Task Put_OfADockerListOfOciImages_IsAccepted()
    {
        var repository = NewRepository();
        var list = ManifestContent.Index([await repository.PushImageAsync()], mediaType: MediaType.DockerManifestList);
        (await repository.PutManifestAsync("v1", list)).Expect(201);
    }

    private static async Task<ManifestContent> PrepareAsync(RepositoryClient repository)
    {
        var layer = await repository.PushBlobAsync(Blob.Random() with { MediaType = MediaType.DockerLayer });
        return ManifestContent.Image(await PushConfigAsync(repository), [layer], mediaType: MediaType.DockerManifest);
    }

    private static Task<Blob> PushConfigAsync(RepositoryClient repository) =>
        repository.PushBlobAsync(Blob.Config() with { MediaType = MediaType.DockerConfig });
}
