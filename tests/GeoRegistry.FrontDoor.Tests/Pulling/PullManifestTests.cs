namespace GeoRegistry.FrontDoor.Tests.Pulling;

[Endpoint("end-3")]
public sealed class PullManifestTests(RegistryFixture registry) : ConformanceTest(registry)
{
    [Fact]
    [Clause(
        "Pulling manifests",
        Must,
        "A GET request to an existing manifest URL MUST provide the expected manifest, with a response code that MUST be 200 OK")]
    [Clause(
        "Pulling manifests",
        Must,
        "A successful response MUST contain the digest of the uploaded blob in the header Docker-Content-Digest")]
    public async Task Get_ByTag_ReturnsTheManifestAndItsDigest()
    {
        var repository = NewRepository();
        var image = await repository.PushImageAsync("v1");
        AssertIs(image, await repository.GetManifestAsync("v1"));
    }

    [Fact]
    [Clause("Pulling manifests", Must, "<tag-or-digest> MUST be either (a) the digest of the manifest or (b) a tag")]
    public async Task Get_ByDigest_ReturnsTheManifestAndItsDigest()
    {
        var repository = NewRepository();
        var image = await repository.PushImageAsync("v1");
        AssertIs(image, await repository.GetManifestAsync(image.Digest));
    }

    [Fact]
    [Clause("Pulling manifests", Should, "The Content-Type header SHOULD match what the client pushed as the manifest's Content-Type")]
    [Clause("Pulling manifests", Should, "The registry SHOULD NOT include parameters on the Content-Type header")]
    public async Task Get_OfAnIndex_HasThePushedContentTypeWithoutParameters()
    {
        var repository = NewRepository();
        await repository.PushAsync(ManifestContent.Index([await repository.PushImageAsync()]), "all");
        (await repository.GetManifestAsync("all")).Expect(200).ExpectHeader("Content-Type", MediaType.Index);
        (await repository.HeadManifestAsync("all")).Expect(200).ExpectHeader("Content-Type", MediaType.Index);
    }

    [Fact]
    [Clause("GeoRegistry: manifests", Promise, "What clients pushed goes out as nosniff: it is of the type that they gave it")]
    public async Task GetAndHead_OfContent_ForbidGuessingItsType()
    {
        var repository = NewRepository();
        var image = await repository.PushImageAsync("v1");
        var blob = await repository.PushBlobAsync();
        foreach (var path in new[] { $"manifests/{image.Digest}", "manifests/v1", $"blobs/{blob.Digest}" })
        {
            (await repository.GetAsync(path)).Expect(200).ExpectHeader("X-Content-Type-Options", "nosniff");
            (await repository.SendAsync(Head, path)).Expect(200).ExpectHeader("X-Content-Type-Options", "nosniff");
        }
    }

    [Theory]
    [InlineData("v2")]
    [InlineData("sha256:0000000000000000000000000000000000000000000000000000000000000000")]
    [Clause("Pulling manifests", Must, "If the manifest is not found in the repository, the response code MUST be 404 Not Found")]
    public async Task Get_OfWhatIsNotThere_Answers404(string reference)
    {
        var repository = NewRepository();
        await repository.PushImageAsync("v1");
        (await repository.GetManifestAsync(reference)).ExpectError(404, "MANIFEST_UNKNOWN");
    }

    [Fact]
    [Clause("Pulling manifests", Must, "If the manifest is not found in the repository, the response code MUST be 404 Not Found")]
    public async Task Get_OfAnotherRepositorysManifest_Answers404()
    {
        var (mine, other) = (NewRepository(), NewRepository());
        await mine.PushImageAsync("v1");
        var theirs = await other.PushImageAsync("v2");
        (await mine.GetManifestAsync(theirs.Digest)).ExpectError(404, "MANIFEST_UNKNOWN");
        (await mine.GetManifestAsync("v2")).ExpectError(404, "MANIFEST_UNKNOWN");
    }

    [Theory]
    [InlineData("manifests/latest")]
    [InlineData("manifests/sha256:0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("blobs/sha256:0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("tags/list")]
    [Clause("Pushing Manifests", Must, "An attempt to pull a nonexistent repository MUST return response code 404 Not Found")]
    public async Task Get_FromARepositoryThatNeverWas_Answers404(string rest) =>
        (await NewRepository().GetAsync(rest)).ExpectError(404, "NAME_UNKNOWN", "MANIFEST_UNKNOWN", "BLOB_UNKNOWN");

    public static TheoryData<string> InvalidTags => [".v1", "-v1", "v%201", "v%2B1", "v~1", "v@1", "%C3%A4", new string('a', 129)];

    [Theory]
    [MemberData(nameof(InvalidTags))]
    [Clause("Pulling manifests", Must, "The <tag-or-digest> MUST NOT be in any other format")]
    public async Task Get_OfAnInvalidTag_Answers404(string reference)
    {
        var repository = NewRepository();
        await repository.PushImageAsync("v1");
        (await repository.GetManifestAsync(reference)).ExpectError(404, "MANIFEST_UNKNOWN");
        (await repository.HeadManifestAsync(reference)).Expect(404);
    }

    public static TheoryData<string> InvalidDigests =>
    [
        "sha256:", ":", "sha256:abc", "v1:2", "md5:d41d8cd98f00b204e9800998ecf8427e",
        $"sha256:{new string('A', 64)}", $"sha256:{new string('g', 64)}", $"sha256:{new string('a', 65)}",
        $"sha512:{new string('a', 64)}", $"SHA256:{new string('a', 64)}",
    ];

    [Theory]
    [MemberData(nameof(InvalidDigests))]
    [Clause("Pulling manifests", Must, "The <tag-or-digest> MUST NOT be in any other format")]
    public async Task Get_OfAnInvalidDigest_AnswersDigestInvalid(string reference)
    {
        var repository = NewRepository();
        await repository.PushImageAsync("v1");
        (await repository.GetManifestAsync(reference)).ExpectError(400, "DIGEST_INVALID");
        (await repository.HeadManifestAsync(reference)).Expect(400);
    }

    [Theory]
    [InlineData("application/vnd.oci.image.index.v1+json")]
    [InlineData("application/vnd.docker.distribution.manifest.v1+json")]
    [InlineData("text/html")]
    [InlineData("*/*;q=0.1")]
    [Clause("GeoRegistry: manifests", Promise, "Accept is ignored: the one stored type is served")]
    public async Task Get_WithAnyAccept_ReturnsTheStoredType(string accept)
    {
        var repository = NewRepository();
        var image = await repository.PushImageAsync("v1");
        AssertIs(image, await repository.GetManifestAsync("v1", ("Accept", accept)));
    }

    [Fact]
    [Clause("Registry Proxying", May, "A registry MAY choose to ignore the ns query parameter")]
    public async Task Get_WithNamespaceParameter_IgnoresIt()
    {
        var repository = NewRepository();
        var image = await repository.PushImageAsync("v1");
        AssertIs(image, await repository.GetManifestAsync("v1?ns=registry.example.org"));
    }

    private static void AssertIs(ManifestContent expected, Answer answer)
    {
        answer.Expect(200).ExpectHeader("Content-Type", expected.MediaType!).ExpectHeader("Docker-Content-Digest", expected.Digest)
            .ExpectHeader("Content-Length", $"{expected.Bytes.Length}");
        Assert.Equal(expected.Text, answer.Text);
    }
}
