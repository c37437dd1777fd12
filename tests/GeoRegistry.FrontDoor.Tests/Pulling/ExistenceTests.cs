namespace GeoRegistry.FrontDoor.Tests.Pulling;

[Endpoint("end-2", "end-3")]
public sealed class ExistenceTests(RegistryFixture registry) : ConformanceTest(registry)
{
    private const string Section = "Checking if content exists in the registry";

    [Fact]
    [Clause(Section, Must, "A HEAD request to an existing blob or manifest URL MUST return 200 OK")]
    [Clause(
        Section,
        Must,
        "A successful response MUST contain the digest of the uploaded blob or manifest in the header Docker-Content-Digest")]
    [Clause(
        Section,
        Must,
        "A successful response MUST contain the size in bytes of the uploaded blob or manifest in the header Content-Length")]
    public async Task Head_OfABlob_GivesDigestAndSize()
    {
        var repository = NewRepository();
        var blob = await repository.PushBlobAsync();
        AssertHead(await repository.HeadBlobAsync(blob.Digest), blob.Digest, blob.Bytes.Length);
    }

    [Fact]
    [Clause(Section, Must, "A HEAD request to an existing blob or manifest URL MUST return 200 OK")]
    [Clause(
        Section,
        Must,
        "A successful response MUST contain the digest of the uploaded blob or manifest in the header Docker-Content-Digest")]
    [Clause(
        Section,
        Must,
        "A successful response MUST contain the size in bytes of the uploaded blob or manifest in the header Content-Length")]
    public async Task Head_OfAManifest_GivesDigestAndSize()
    {
        var repository = NewRepository();
        var image = await repository.PushImageAsync("v1");
        AssertHead(await repository.HeadManifestAsync("v1"), image.Digest, image.Bytes.Length);
        AssertHead(await repository.HeadManifestAsync(image.Digest), image.Digest, image.Bytes.Length);
    }

    [Theory]
    [InlineData("blobs/sha256:0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("manifests/sha256:0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("manifests/v2")]
    [Clause(Section, Must, "If the blob or manifest is not found in the repository, the response code MUST be 404 Not Found")]
    public async Task Head_OfWhatIsNotThere_Answers404WithoutBody(string rest)
    {
        var repository = NewRepository();
        await repository.PushImageAsync("v1");
        Assert.Empty((await repository.SendAsync(Head, rest)).Expect(404).Body);
        (await NewRepository().SendAsync(Head, rest)).Expect(404);
    }

    [Theory]
    [InlineData("\"{0}\"")]
    [InlineData("W/\"{0}\"")]
    [InlineData("\"sha256:other\", \"{0}\"")]
    [InlineData("*")]
    [Clause("GeoRegistry: caching", Promise, "If-None-Match answers 304")]
    public async Task Get_IfNoneMatchNamesTheContent_Answers304(string condition)
    {
        var repository = NewRepository();
        var blob = await repository.PushBlobAsync();
        var image = await repository.PushImageAsync("v1");
        AssertNotModified(await repository.GetBlobAsync(blob.Digest, Condition(blob.Digest)), blob.Digest);
        AssertNotModified(await repository.GetManifestAsync("v1", Condition(image.Digest)), image.Digest);
        AssertNotModified(await repository.GetManifestAsync(image.Digest, Condition(image.Digest)), image.Digest);

        (string, string) Condition(string digest) => ("If-None-Match", condition.Replace("{0}", digest, StringComparison.Ordinal));
    }

    [Fact]
    [Clause("GeoRegistry: caching", Promise, "If-None-Match answers 304")]
    public async Task Get_IfNoneMatchNamesOtherContent_Answers200()
    {
        var repository = NewRepository();
        var image = await repository.PushImageAsync("v1");
        var condition = ("If-None-Match", $"\"{Blob.UnknownDigest()}\"");
        Assert.Equal(
            image.Bytes,
            (await repository.GetManifestAsync("v1", condition)).Expect(200).ExpectHeader("ETag", $"\"{image.Digest}\"").Body);
        var blob = await repository.PushBlobAsync();
        Assert.Equal(blob.Bytes, (await repository.GetBlobAsync(blob.Digest, condition)).Expect(200).Body);
    }

    private static void AssertHead(Answer answer, string digest, int sizeBytes)
    {
        answer.Expect(200)
            .ExpectHeader("Docker-Content-Digest", digest)
            .ExpectHeader("Content-Length", $"{sizeBytes}")
            .ExpectHeader("ETag", $"\"{digest}\"");
        Assert.Empty(answer.Body);
    }

    private static void AssertNotModified(Answer answer, string digest)
    {
        answer.Expect(304).ExpectHeader("ETag", $"\"{digest}\"");
        Assert.Empty(answer.Body);
    }
}
