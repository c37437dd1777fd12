namespace GeoRegistry.FrontDoor.Tests.Uploading;

public sealed class DigestAlgorithmTests(RegistryFixture registry) : ConformanceTest(registry)
{
    private const string Announced =
        "When pushing a blob with a digest algorithm other than sha256, the post request SHOULD include the digest-algorithm parameter";

    [Theory]
    [InlineData("?digest-algorithm=sha512")]
    [InlineData("")]
    [Endpoint("end-4c")]
    [Clause("Pushing a blob in chunks", Should, Announced)]
    public async Task Put_BySha512_IsStoredUnderThatDigest(string query)
    {
        var repository = NewRepository();
        var (blob, session) = (Blob.Random(), await repository.StartUploadAsync(query));
        (await session.PatchAsync(blob.Bytes[..100])).Expect(202);
        (await session.CloseAsync(blob.Sha512, blob.Bytes[100..])).Expect(201).ExpectHeader("Docker-Content-Digest", blob.Sha512);
        var answer = (await repository.GetBlobAsync(blob.Sha512)).Expect(200).ExpectHeader("Docker-Content-Digest", blob.Sha512);
        Assert.Equal(blob.Bytes, answer.Body);
    }

    [Fact]
    [Endpoint("end-4b")]
    [Clause("Single POST", Must, "the <digest> MUST match the blob's digest")]
    public async Task Post_BySha512_IsStoredUnderThatDigest()
    {
        var repository = NewRepository();
        var blob = Blob.Random();
        (await repository.PostUploadAsync($"?digest={blob.Sha512}", Body.Of(blob.Bytes))).Expect(201).ExpectHeader(
            "Docker-Content-Digest", blob.Sha512);
        (await repository.HeadBlobAsync(blob.Sha512)).Expect(200);
    }

    [Theory]
    [InlineData("?digest-algorithm=sha512")]
    [InlineData("")]
    [Clause(
        "Pushing blobs",
        Should,
        "if the client provided digest is invalid or uses an unsupported algorithm,"
        + " the registry SHOULD respond with a response code 400 Bad Request")]
    public async Task Put_WithTheSha512OfSomethingElse_AnswersDigestInvalid(string query)
    {
        var repository = NewRepository();
        var (other, session) = (Blob.Random(), await repository.StartUploadAsync(query));
        (await session.CloseAsync(other.Sha512, [1, 2, 3])).ExpectError(400, "DIGEST_INVALID");
        (await repository.HeadBlobAsync(other.Sha512)).Expect(404);
    }

    [Theory]
    [InlineData("md5")]
    [InlineData("sha384")]
    [InlineData("SHA512")]
    [InlineData("sha256+sha512")]
    [Endpoint("end-4c")]
    [Clause(
        "Pushing blobs",
        Should,
        "if the client provided digest is invalid or uses an unsupported algorithm,"
        + " the registry SHOULD respond with a response code 400 Bad Request")]
    public async Task Post_WithAnUnsupportedAlgorithm_AnswersDigestInvalid(string algorithm) =>
        (await NewRepository().PostUploadAsync($"?digest-algorithm={algorithm}")).ExpectError(400, "DIGEST_INVALID");

    [Fact]
    [Clause(
        "Pushing Manifests",
        Must,
        "The Docker-Content-Digest header returns the digest of the uploaded blob, and MUST be equal to the client provided digest")]
    public async Task PutManifest_BySha512_IsServedByItWithItsDigest()
    {
        var repository = NewRepository();
        var image = await repository.PrepareImageAsync();
        (await repository.PutManifestAsync(image.Sha512, image)).Expect(201).ExpectHeader("Docker-Content-Digest", image.Sha512);
        var answer = (await repository.GetManifestAsync(image.Sha512)).Expect(200).ExpectHeader("Docker-Content-Digest", image.Sha512);
        Assert.Equal(image.Bytes, answer.Body);
    }

    [Fact]
    [Clause(
        "Pushing Manifests",
        Must,
        "The Docker-Content-Digest header returns the digest of the uploaded blob, and MUST be equal to the client provided digest")]
    public async Task PutManifest_BySha512WithTag_IsServedByTheTagWithThatDigest()
    {
        var repository = NewRepository();
        var image = await repository.PrepareImageAsync();
        (await repository.PutManifestAsync($"{image.Sha512}?tag=v1", image)).Expect(201).ExpectHeader("OCI-Tag", "v1");
        (await repository.GetManifestAsync("v1")).Expect(200).ExpectHeader("Docker-Content-Digest", image.Sha512);
    }

    [Fact]
    [Clause("GeoRegistry: digests", Promise, "Descriptors may name content by sha512")]
    public async Task PutManifest_WhoseLayerIsNamedBySha512_IsAccepted()
    {
        var repository = NewRepository();
        var layer = Blob.Random();
        (await repository.PostUploadAsync($"?digest={layer.Sha512}", Body.Of(layer.Bytes))).Expect(201);
        var image = await repository.PushImageAsync(
            "v1", manifest => manifest["layers"]!.AsArray().Add(Descriptor.Of(layer.MediaType, layer.Sha512, layer.Bytes.Length)));
        (await repository.GetManifestAsync("v1")).Expect(200).ExpectHeader("Docker-Content-Digest", image.Digest);
    }
}
