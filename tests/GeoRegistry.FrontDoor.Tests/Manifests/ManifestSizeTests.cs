namespace GeoRegistry.FrontDoor.Tests.Manifests;

[Endpoint("end-7a")]
public sealed class ManifestSizeTests(RegistryFixture registry) : ConformanceTest(registry)
{
    private const int MaxSizeBytes = 4 * 1024 * 1024;

    [Fact]
    [Clause(
        "Pushing Manifests",
        Should,
        "Client and registry implementations SHOULD expect to be able to support manifest pushes of at least 4 megabytes")]
    public async Task Put_OfFourMebibytes_IsAccepted()
    {
        var repository = NewRepository();
        var manifest = await ManifestOfAsync(repository, MaxSizeBytes);
        (await repository.PutManifestAsync("v1", manifest)).Expect(201);
        Assert.Equal(manifest.Bytes, (await repository.GetManifestAsync("v1")).Expect(200).Body);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Clause("Pushing Manifests", Should, "A registry SHOULD enforce some limit on the maximum manifest size that it can accept")]
    [Clause(
        "Pushing Manifests",
        Should,
        "A registry that enforces this limit SHOULD respond to a request to push a manifest over this limit"
        + " with a response code 413 Payload Too Large")]
    public async Task Put_OfOneByteMore_Answers413(bool lengthUnknown)
    {
        var repository = NewRepository();
        var manifest = await ManifestOfAsync(repository, MaxSizeBytes + 1);
        var body = lengthUnknown ? Body.Chunked(manifest.Bytes, manifest.MediaType) : Body.Of(manifest.Bytes, manifest.MediaType);
        (await repository.SendAsync(Put, "manifests/v1", body)).ExpectError(413, "MANIFEST_INVALID");
        (await repository.HeadManifestAsync("v1")).Expect(404);
    }

    private static async Task<ManifestContent> ManifestOfAsync(RepositoryClient repository, int sizeBytes)
    {
        var image = await repository.PrepareImageAsync(manifest => manifest["x"] = "");
        var padded = image.With(manifest => manifest["x"] = new string('a', sizeBytes - image.Bytes.Length));
        Assert.Equal(sizeBytes, padded.Bytes.Length);
        return padded;
    }
}
