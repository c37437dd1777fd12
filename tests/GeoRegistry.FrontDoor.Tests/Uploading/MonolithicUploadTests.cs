namespace GeoRegistry.FrontDoor.Tests.Uploading;

public sealed class MonolithicUploadTests(RegistryFixture registry) : ConformanceTest(registry)
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5_000_000)]
    [Endpoint("end-4a", "end-6")]
    [Clause(
        "POST then PUT",
        Must,
        "Upon successful completion of the request, the response MUST have code 201 Created"
        + " and MUST have the following header: Location: <blob-location>")]
    public async Task Put_WithTheWholeBlob_Answers201WithAPullableLocation(int sizeBytes)
    {
        var repository = NewRepository();
        var (blob, session) = (Blob.Random(sizeBytes), await repository.StartUploadAsync());
        await AssertCreatedAsync(blob, await session.CloseAsync(blob.Digest, blob.Bytes));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5_000_000)]
    [Endpoint("end-4b")]
    [Clause(
        "Single POST",
        Must,
        "Successful completion of the request MUST return a 201 Created and MUST include the following header: Location: <blob-location>")]
    public async Task Post_WithDigestAndBlob_Answers201WithAPullableLocation(int sizeBytes)
    {
        var blob = Blob.Random(sizeBytes);
        await AssertCreatedAsync(blob, await NewRepository().PostUploadAsync($"?digest={blob.Digest}", Body.Of(blob.Bytes)));
    }

    [Fact]
    [Clause("Single POST", Must, "the <digest> MUST match the blob's digest")]
    public async Task Post_WithTheDigestOfSomethingElse_AnswersDigestInvalidAndKeepsNothing()
    {
        var repository = NewRepository();
        var (blob, other) = (Blob.Random(), Blob.Random());
        (await repository.PostUploadAsync($"?digest={other.Digest}", Body.Of(blob.Bytes))).ExpectError(400, "DIGEST_INVALID");
        (await repository.HeadBlobAsync(blob.Digest)).Expect(404);
        (await repository.HeadBlobAsync(other.Digest)).Expect(404);
    }

    public static TheoryData<string> InvalidDigests =>
    [
        "sha256:abc", "sha256:", "abc", "md5:d41d8cd98f00b204e9800998ecf8427e",
        $"sha256:{new string('A', 64)}", $"sha384:{new string('a', 96)}", $"sha256-{new string('a', 64)}",
    ];

    [Theory]
    [MemberData(nameof(InvalidDigests))]
    [Clause(
        "Pushing blobs",
        Should,
        "if the client provided digest is invalid or uses an unsupported algorithm,"
        + " the registry SHOULD respond with a response code 400 Bad Request")]
    public async Task Post_WithAnInvalidDigest_AnswersDigestInvalid(string digest) =>
        (await NewRepository().PostUploadAsync($"?digest={digest}", Body.Of([1, 2, 3]))).ExpectError(400, "DIGEST_INVALID");

    [Theory]
    [MemberData(nameof(InvalidDigests))]
    [Clause(
        "Pushing blobs",
        Should,
        "if the client provided digest is invalid or uses an unsupported algorithm,"
        + " the registry SHOULD respond with a response code 400 Bad Request")]
    public async Task Put_WithAnInvalidDigest_AnswersDigestInvalidAndTheSessionStays(string digest)
    {
        var (blob, session) = (Blob.Random(10), await NewRepository().StartUploadAsync());
        (await session.PatchAsync(blob.Bytes)).Expect(202);
        (await session.CloseAsync(digest)).ExpectError(400, "DIGEST_INVALID");
        await session.ExpectReceivedAsync(10);
        (await session.CloseAsync(blob.Digest)).Expect(201);
    }

    [Theory]
    [InlineData("")]
    [InlineData("digest=")]
    [Clause(
        "Pushing a blob in chunks",
        Must,
        "The closing PUT request MUST include the <digest> of the whole blob (not the final chunk) as a query parameter")]
    public async Task Put_WithoutDigest_AnswersDigestInvalidAndTheSessionStays(string query)
    {
        var (blob, session) = (Blob.Random(10), await NewRepository().StartUploadAsync());
        (await session.PatchAsync(blob.Bytes)).Expect(202);
        (await session.CloseWithQueryAsync(query)).ExpectError(400, "DIGEST_INVALID");
        (await session.CloseAsync(blob.Digest)).Expect(201);
    }

    [Fact]
    [Clause(
        "Pushing blobs",
        Should,
        "if the client provided digest is invalid or uses an unsupported algorithm,"
        + " the registry SHOULD respond with a response code 400 Bad Request")]
    public async Task Put_WithTheDigestOfSomethingElse_AnswersDigestInvalidAndTheSessionIsGone()
    {
        var repository = NewRepository();
        var (blob, other, session) = (Blob.Random(), Blob.Random(), await repository.StartUploadAsync());
        (await session.CloseAsync(other.Digest, blob.Bytes)).ExpectError(400, "DIGEST_INVALID");
        await session.ExpectGoneAsync();
        (await repository.HeadBlobAsync(other.Digest)).Expect(404);
        (await repository.HeadBlobAsync(blob.Digest)).Expect(404);
    }

    [Fact]
    [Clause("Layer Upload De-duplication", Promise, "both operations will proceed")]
    public async Task Put_OfABlobThatIsThere_Answers201()
    {
        var repository = NewRepository();
        var blob = Blob.Random();
        var (first, second) = (await repository.StartUploadAsync(), await repository.StartUploadAsync());
        var answers = await Task.WhenAll(first.CloseAsync(blob.Digest, blob.Bytes), second.CloseAsync(blob.Digest, blob.Bytes));
        Assert.All(answers, answer => answer.Expect(201));
        await repository.PushBlobAsync(blob);
        Assert.Equal(blob.Bytes, (await repository.GetBlobAsync(blob.Digest)).Expect(200).Body);
    }

    [Fact]
    [Clause("GeoRegistry: uploads", Promise, "A blob belongs to the repository that it was pushed to")]
    public async Task Put_OfABlobThatAnotherRepositoryHas_IsNeededHereToo()
    {
        var (mine, other) = (NewRepository(), NewRepository());
        var blob = await other.PushBlobAsync();
        (await mine.HeadBlobAsync(blob.Digest)).Expect(404);
        await mine.PushBlobAsync(blob);
        (await mine.HeadBlobAsync(blob.Digest)).Expect(200);
    }

    private async Task AssertCreatedAsync(Blob blob, Answer answer)
    {
        answer.Expect(201).ExpectHeader("Docker-Content-Digest", blob.Digest);
        Assert.Equal(blob.Bytes, (await Registry.GetAsync(answer.Location)).Expect(200).Body);
    }
}
