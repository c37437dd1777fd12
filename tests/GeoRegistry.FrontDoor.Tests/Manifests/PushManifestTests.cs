namespace GeoRegistry.FrontDoor.Tests.Manifests;

[Endpoint("end-7a")]
public sealed class PushManifestTests(RegistryFixture registry) : ConformanceTest(registry)
{
    private const string Section = "Pushing Manifests";
    private const string Created =
        "Upon a successful upload, the registry MUST return response code 201 Created,"
        + " and MUST have the following header: Location: <location>";
    private const string ExactBytes = "The registry MUST store the manifest in the exact byte representation provided by the client";

    [Fact]
    [Clause(Section, Must, Created)]
    [Clause(
        Section,
        Must,
        "The Docker-Content-Digest header returns the digest of the uploaded blob, and MUST be equal to the client provided digest")]
    public async Task Put_ByTag_Answers201WithAPullableLocation()
    {
        var repository = NewRepository();
        var image = await repository.PrepareImageAsync();
        await AssertCreatedAsync(image, await repository.PutManifestAsync("v1", image));
        (await repository.HeadManifestAsync(image.Digest)).Expect(200);
    }

    [Fact]
    [Clause(Section, Must, Created)]
    [Clause(
        Section,
        Must,
        "The Docker-Content-Digest header returns the digest of the uploaded blob, and MUST be equal to the client provided digest")]
    public async Task Put_ByDigest_Answers201WithAPullableLocationAndSetsNoTag()
    {
        var repository = NewRepository();
        var image = await repository.PrepareImageAsync();
        await AssertCreatedAsync(image, await repository.PutManifestAsync(image.Digest, image));
        Assert.Empty(await repository.TagsAsync());
    }

    [Fact]
    [Clause(Section, Promise, "Pushing what is there is a success")]
    public async Task Put_OfAManifestThatIsThere_Answers201()
    {
        var repository = NewRepository();
        var image = await repository.PushImageAsync("v1");
        await AssertCreatedAsync(image, await repository.PutManifestAsync("v1", image));
        await AssertCreatedAsync(image, await repository.PutManifestAsync(image.Digest, image));
    }

    [Fact]
    [Clause(
        "Definitions",
        Promise,
        "Tag: a custom, human-readable pointer to a manifest. A manifest digest may have zero, one, or many tags referencing it")]
    public async Task Put_OfAnotherManifestUnderATag_MovesTheTagAndKeepsTheFirst()
    {
        var repository = NewRepository();
        var first = await repository.PushImageAsync("v1");
        var second = await repository.PushImageAsync("v1");
        (await repository.HeadManifestAsync("v1")).Expect(200).ExpectHeader("Docker-Content-Digest", second.Digest);
        (await repository.HeadManifestAsync(first.Digest)).Expect(200);
    }

    [Theory]
    [InlineData("{ \"schemaVersion\" : 2,\r\n\t\"mediaType\":\"application/vnd.oci.image.index.v1+json\", \"manifests\":[ ] }\n\n")]
    [InlineData("""{"manifests":[],"schemaVersion":2,"x-unknown":{"a":[1.50,null,true,"\u00e9é"]},"annotations":{"org.example":"\/"}}""")]
    [Clause(Section, Must, ExactBytes)]
    public async Task Put_WithAnyLayoutAndUnknownFields_KeepsEveryByte(string json)
    {
        var repository = NewRepository();
        var index = await repository.PushAsync(ManifestContent.Of(json, MediaType.Index), "v1");
        Assert.Equal(
            index.Bytes,
            (await repository.GetManifestAsync("v1")).Expect(200).ExpectHeader("Docker-Content-Digest", index.Digest).Body);
    }

    [Theory]
    [InlineData("application/vnd.example.thing+json", """{"anything":[1,2,3]}""")]
    [InlineData("application/vnd.example.other", """{"schemaVersion":7,"layers":"none"}""")]
    [InlineData(
        "application/vnd.oci.artifact.manifest.v1+json",
        """{"mediaType":"application/vnd.oci.artifact.manifest.v1+json","artifactType":"a/b","blobs":[]}""")]
    [Clause("GeoRegistry: manifests", Promise, "Any media type is stored and served as it was pushed")]
    public async Task Put_OfAnyMediaType_IsServedAsPushed(string mediaType, string json)
    {
        var repository = NewRepository();
        var thing = await repository.PushAsync(ManifestContent.Of(json, mediaType), "v1");
        Assert.Equal(thing.Bytes, (await repository.GetManifestAsync("v1")).Expect(200).ExpectHeader("Content-Type", mediaType).Body);
    }

    [Theory]
    [InlineData("; charset=utf-8")]
    [InlineData(";v=1; q=\"a;b\"")]
    [Clause(Section, Should, "The registry SHOULD ignore parameters on the Content-Type header")]
    [Clause("Pulling manifests", Should, "The registry SHOULD NOT include parameters on the Content-Type header")]
    public async Task Put_WithParametersOnTheContentType_IgnoresThem(string parameters)
    {
        var repository = NewRepository();
        var image = await repository.PrepareImageAsync();
        (await repository.PutManifestAsync("v1", image.As(MediaType.Image + parameters))).Expect(201);
        (await repository.GetManifestAsync("v1")).Expect(200).ExpectHeader("Content-Type", MediaType.Image);
    }

    [Fact]
    [Clause(
        Section,
        Promise,
        "Clients SHOULD set the Content-Type header to the type of the manifest being pushed; without it the mediaType field decides")]
    public async Task Put_WithoutContentType_TakesTheMediaTypeField()
    {
        var repository = NewRepository();
        var image = await repository.PrepareImageAsync();
        (await repository.PutManifestAsync("v1", image.As(null))).Expect(201);
        (await repository.GetManifestAsync("v1")).Expect(200).ExpectHeader("Content-Type", MediaType.Image);
    }

    [Fact]
    [Clause(
        Section, Must, "The uploaded manifest MUST reference any blobs that make up the object. However, the list of blobs MAY be empty")]
    public async Task Put_OfAnImageWithoutLayers_IsAccepted()
    {
        var repository = NewRepository();
        var image = await repository.PushAsync(ManifestContent.Image(await repository.PushBlobAsync(Blob.Config()), []), "v1");
        (await repository.HeadManifestAsync("v1")).Expect(200).ExpectHeader("Docker-Content-Digest", image.Digest);
    }

    [Theory]
    [MemberData(nameof(Pulling.PullManifestTests.InvalidTags), MemberType = typeof(Pulling.PullManifestTests))]
    [Clause(
        "Pulling manifests",
        Must,
        "<tag-or-digest> as a tag MUST be at most 128 characters in length"
        + " and MUST match the following regular expression: [a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")]
    [Clause(Section, Must, "the <tag-or-digest> MUST be either a) a digest or b) a tag")]
    public async Task Put_ToAnInvalidTag_AnswersManifestInvalid(string tag)
    {
        var repository = NewRepository();
        var image = await repository.PrepareImageAsync();
        (await repository.PutManifestAsync(tag, image)).ExpectError(400, "MANIFEST_INVALID");
        (await repository.HeadManifestAsync(image.Digest)).Expect(404);
    }

    public static TheoryData<string> ValidTags => ["a", "_", "0", "A.b-C_d", "v1.0.0", "sha256-abc", "__--..", new string('z', 128)];

    [Theory]
    [MemberData(nameof(ValidTags))]
    [Clause(
        "Pulling manifests",
        Must,
        "<tag-or-digest> as a tag MUST be at most 128 characters in length"
        + " and MUST match the following regular expression: [a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")]
    public async Task Put_ToAValidTag_IsAccepted(string tag)
    {
        var repository = NewRepository();
        var image = await repository.PushImageAsync(tag);
        (await repository.HeadManifestAsync(tag)).Expect(200).ExpectHeader("Docker-Content-Digest", image.Digest);
        Assert.Equal([tag], await repository.TagsAsync());
    }

    [Theory]
    [MemberData(nameof(Pulling.PullManifestTests.InvalidDigests), MemberType = typeof(Pulling.PullManifestTests))]
    [Clause("Pulling manifests", Must, "The <tag-or-digest> MUST NOT be in any other format")]
    public async Task Put_ToAnInvalidDigest_AnswersDigestInvalid(string digest)
    {
        var repository = NewRepository();
        var image = await repository.PrepareImageAsync();
        (await repository.PutManifestAsync(digest, image)).ExpectError(400, "DIGEST_INVALID");
        (await repository.HeadManifestAsync(image.Digest)).Expect(404);
    }

    [Fact]
    [Clause(
        Section,
        Must,
        "The Docker-Content-Digest header returns the digest of the uploaded blob, and MUST be equal to the client provided digest")]
    public async Task Put_ToTheDigestOfSomethingElse_AnswersDigestInvalidAndKeepsNothing()
    {
        var repository = NewRepository();
        var image = await repository.PrepareImageAsync();
        var other = image.With(manifest => manifest["x"] = 1);
        (await repository.PutManifestAsync(other.Digest, image)).ExpectError(400, "DIGEST_INVALID");
        (await repository.PutManifestAsync(other.Sha512, image)).ExpectError(400, "DIGEST_INVALID");
        (await repository.HeadManifestAsync(other.Digest)).Expect(404);
        (await repository.HeadManifestAsync(image.Digest)).Expect(404);
    }

    [Fact]
    [Clause(Section, Promise, "A key counts for the same write only: a push that is answered 201 is there")]
    public async Task Put_AnotherManifestUnderAUsedKey_IsThereWhereItIsAnswered201()
    {
        var repository = NewRepository();
        var (first, second) = (await repository.PrepareImageAsync(), await repository.PrepareImageAsync());
        (await repository.PutManifestAsync("1", first, ("Idempotency-Key", "release-1.2"))).Expect(201);

        await AssertCreatedAsync(second, await repository.PutManifestAsync("2", second, ("Idempotency-Key", "release-1.2")));

        (await repository.HeadManifestAsync("2")).Expect(200).ExpectHeader("Docker-Content-Digest", second.Digest);
    }

    private async Task AssertCreatedAsync(ManifestContent manifest, Answer answer)
    {
        answer.Expect(201).ExpectHeader("Docker-Content-Digest", manifest.Digest);
        Assert.Equal(manifest.Bytes, (await Registry.GetAsync(answer.Location)).Expect(200).Body);
    }
}
